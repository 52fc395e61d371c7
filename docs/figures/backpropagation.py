"""Figures of the chapter: backpropagation."""

from drawing import Drawing, Say
from scratchml import Neuron, squared_error_gradient


def two_neurons(say: Say) -> Drawing:
    """The chapter's two neurons: the numbers that go forward above, the slopes that come back below."""
    first, second = Neuron(1, rng=0), Neuron(1, activation="identity", rng=0)
    first.weights[:], first.bias[:], second.weights[:], second.bias[:] = 0.5, 1, 3, -1
    a1 = first.forward([[2.0]])
    a2 = second.forward(a1)
    dC_da2 = squared_error_gradient([[4.0]], a2)
    _, _, dC_da1 = second.gradients(dC_da2)
    drawing = Drawing(356, 210)
    y = 92
    xs = {"x": 26, "a1": 132, "a2": 238, "C": 330}
    for start, end, weight in [("x", "a1", "× 0.5"), ("a1", "a2", "× 3")]:
        drawing.arrow((xs[start] + 22, y), (xs[end] - 24, y), color="blue", width=2)
        drawing.text((xs[start] + xs[end]) / 2, y - 10, weight, color="blue", bold=True)
    drawing.arrow((xs["a2"] + 24, y), (xs["C"] - 22, y))
    drawing.rectangle(xs["x"] - 20, y - 20, 40, 40, fill="paper", stroke="ink")
    for key in ("a1", "a2"):
        drawing.circle(xs[key], y, 22, fill="paper", stroke="ink")
    drawing.rectangle(xs["C"] - 20, y - 20, 40, 40, fill="paper", stroke="ink")
    for key, value in [("x", 2), ("a1", a1.item()), ("a2", a2.item()), ("C", (a2.item() - 4) ** 2)]:
        drawing.text(xs[key], y + 5, f"{value:g}", size=16, bold=True)
    for key, name in [("x", "x"), ("a1", "a₁"), ("a2", "a₂"), ("C", "C")]:
        drawing.text(xs[key], 22, name, italic=True)
    for key, bias in [("a1", "+ 1"), ("a2", "− 1")]:
        drawing.text(xs[key], 54, bias, color="purple", bold=True)
    for start, end, slope in [("C", "a2", dC_da2.item()), ("a2", "a1", dC_da1.item())]:
        drawing.arrow((xs[start] - 8, y + 62), (xs[end] + 8, y + 62), color="orange", width=2)
        drawing.text(xs[end], y + 50, f"{slope:g}", color="orange", bold=True, size=16)
    drawing.text(xs["C"], y + 50, "1", color="orange", bold=True, size=16)
    drawing.text(xs["x"], y + 67, say("斜率", "slopes"), size=drawing.small, color="orange")
    drawing.text(
        178,
        196,
        say("蓝：往前算；橙：C 对这个数的斜率，往回算", "blue: forward; orange: the slope of C, backward"),
        size=drawing.small,
        color="soft",
    )
    return drawing
