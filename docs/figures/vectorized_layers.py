"""Figures of the chapter: vectorized layers."""

import json
from pathlib import Path

from drawing import Drawing, Say
from sliders import Slider, sliders

TIMES = Path(__file__).parents[2] / "benchmarks" / "training.json"


@sliders(rows=Slider("样本", "samples", range(2, 7)), neurons=Slider("神经元", "neurons", range(2, 7)))
def three_products(say: Say, rows: float = 5, neurons: float = 3) -> Drawing:
    """A layer's three matrix products as rectangles, with 4 inputs; a slope has the color and the shape of what it belongs to."""
    rows, inputs, neurons = int(rows), 4, int(neurons)
    products = [
        [("X", rows, inputs, "blue"), ("W", inputs, neurons, "purple"), ("Z", rows, neurons, "orange")],
        [("Xᵀ", inputs, rows, "blue"), ("δ", rows, neurons, "orange"), ("∂C/∂W", inputs, neurons, "purple")],
        [("δ", rows, neurons, "orange"), ("Wᵀ", neurons, inputs, "purple"), ("∂C/∂X", rows, inputs, "blue")],
    ]
    titles = [
        say("往前，再加 b", "forward, before adding b"),
        say("往回，给权重", "backward, for the weights"),
        say("往回，给前一层", "backward, for the layer before"),
    ]
    cell, height = 14, 160
    drawing = Drawing(356, 3 * height + 18)
    for i, (title, product) in enumerate(zip(titles, products, strict=True)):
        middle = i * height + 80
        drawing.text(178, i * height + 20, title, bold=True)
        for (name, down, across, color), x, sign in zip(product, (60, 178, 296), ("", "@", "="), strict=True):
            left, top = x - across * cell / 2, middle - down * cell / 2
            lines = "".join(f"M{left:g} {top + row * cell:g}h{across * cell}" for row in range(1, down))
            lines += "".join(f"M{left + column * cell:g} {top:g}v{down * cell}" for column in range(1, across))
            drawing._add("path", d=lines, fill="none", stroke="var(--figure-grid)")
            drawing.rectangle(left, top, across * cell, down * cell, stroke=color, line_width=2)
            label = f"{name} ({down}, {across})"
            drawing.text(x, middle + 62, label, size=drawing.small, color=color, bold=True)
            if sign:
                drawing.text(x - 59, middle + 5, sign, size=16)
    square = neurons == inputs
    drawing.text(
        178,
        3 * height + 8,
        say("W 是方阵：忘了转置，形状也合适", "W is square: it fits without transposing, too")
        if square
        else say("忘了转置 W，形状不合适", "without transposing W, the shapes don't fit"),
        color="orange" if square else "soft",
    )
    return drawing


def times(say: Say) -> list[Drawing]:
    """The committed benchmark: how long one training step takes, neuron by neuron and in matrices, then beside two libraries."""
    benchmark = json.loads(TIMES.read_text("utf8"))
    panels = []
    for title, sides in [
        (
            say("梯度下降走一步", "one step of gradient descent"),
            {
                "neuron": (say("逐个神经元", "neuron by neuron"), "orange"),
                "matrices": (say("矩阵", "matrices"), "blue"),
            },
        ),
        (
            say("Adam 走一步", "one step of Adam"),
            {
                "scratchml": (say("本书的层", "this book's layers"), "blue"),
                "scikit-learn": ("scikit-learn", "soft"),
                "PyTorch": ("PyTorch", "soft"),
            },
        ),
    ]:
        bar, results = 24, benchmark["results"]
        drawing = Drawing(340, 34 + len(results) * (46 + 3 * bar))
        drawing.title(title)
        y: float = 40
        for result in results:
            milliseconds = {side: result["milliseconds"][side] for side in sides}
            drawing.text(
                8,
                y + 14,
                say(
                    f"{result['network']}，每批 {result['batch']} 张",
                    f"{result['network']}, batches of {result['batch']}",
                ),
                anchor="start",
                bold=True,
            )
            y += 22
            for side, value in milliseconds.items():
                name, color = sides[side]
                drawing.text(142, y + 16, name, anchor="end", size=drawing.small)
                length = max(1.0, 110 * value / max(milliseconds.values()))
                drawing.rectangle(148, y + 2, length, 18, fill=color)
                drawing.text(154 + length, y + 16, f"{value:.3g} ms", anchor="start", size=drawing.small)
                y += bar
            y += 24 + (3 - len(sides)) * bar / 2
        if "neuron" in sides:  # has the room
            processor, _, system = benchmark["machine"].partition(", ")
            for up, line in [(26, processor), (8, f"{system}, numpy {benchmark['numpy']}")]:
                drawing.text(8, drawing.height - up, line, anchor="start", size=drawing.small, color="soft")
        panels.append(drawing)
    return panels
