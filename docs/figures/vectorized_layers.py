"""Figures of the chapter: vectorized layers."""

import json
from pathlib import Path

from drawing import Drawing, Say

TIMES = Path(__file__).parents[2] / "benchmarks" / "training.json"


def three_products(say: Say) -> Drawing:
    """A layer's three matrix products as rectangles, 5 rows, 4 inputs and 3 outputs; a gradient has the color and shape of what it belongs to."""
    rows, inputs, outputs = 5, 4, 3
    names = {rows: say("行", "rows"), inputs: say("输入", "inputs"), outputs: say("输出", "outputs")}
    products = [
        [("X", rows, inputs, "blue"), ("W", inputs, outputs, "purple"), ("Z", rows, outputs, "orange")],
        [("Xᵀ", inputs, rows, "blue"), ("G", rows, outputs, "orange"), ("∂C/∂W", inputs, outputs, "purple")],
        [("G", rows, outputs, "orange"), ("Wᵀ", outputs, inputs, "purple"), ("∂C/∂X", rows, inputs, "blue")],
    ]
    titles = [
        say("往前，再加 b", "forward, before adding b"),
        say("往回，给权重", "backward, for the weights"),
        say("往回，给前一层", "backward, for the layer before"),
    ]
    drawing = Drawing(356, 546)
    cell, height = 18, 182
    for i, (title, product) in enumerate(zip(titles, products, strict=True)):
        middle = i * height + 92
        drawing.text(178, i * height + 20, title, bold=True)
        for (name, down, across, color), x, sign in zip(product, (54, 178, 297), ("", "@", "="), strict=True):
            left, top = x - across * cell / 2, middle - down * cell / 2
            for row in range(down):
                for column in range(across):
                    drawing.rectangle(left + column * cell, top + row * cell, cell, cell, stroke="grid", line_width=1)
            drawing.rectangle(left, top, across * cell, down * cell, stroke=color, line_width=2)
            width = 13 * len(name) if len(name) < 3 else 46
            drawing.rectangle(x - width / 2, middle - 10, width, 20, fill="paper")
            drawing.text(x, middle + 5, name, color=color, italic=len(name) < 3, bold=True)
            drawing.text(x, middle + 68, f"({names[down]}, {names[across]})", size=drawing.small, color="soft")
            if sign:
                drawing.text(x - 61, middle + 5, sign, size=16)
    return drawing


def times(say: Say) -> Drawing:
    """The committed benchmark: how long one training step takes, each network on a scale of its own."""
    benchmark = json.loads(TIMES.read_text("utf8"))
    names = {"neuron": say("逐个神经元", "neuron by neuron"), "matrices": say("矩阵", "matrices")}
    colors = {"neuron": "orange", "matrices": "blue", "scratchml": "blue"}
    bar, group, top = 26, 22, 8
    height = top + 18 + sum(44 + group + bar * len(result["milliseconds"]) for result in benchmark["results"])
    drawing = Drawing(356, height)
    y: float = top
    for result in benchmark["results"]:
        milliseconds = result["milliseconds"]
        drawing.text(
            8,
            y + 16,
            say(
                f"{result['network']}，每批 {result['batch']} 张", f"{result['network']}, batches of {result['batch']}"
            ),
            anchor="start",
            bold=True,
        )
        y += 44 - group / 2
        for side, value in milliseconds.items():
            drawing.text(128, y + 18, names.get(side, side), anchor="end")
            length = max(1.0, 96 * value / max(milliseconds.values()))
            drawing.rectangle(136, y + 3, length, 20, fill=colors.get(side, "soft"))
            label = f"{value:.3g} ms"
            own = "matrices" if side == "neuron" else "scratchml"
            if side not in ("matrices", "scratchml"):
                ratio = value / milliseconds[own]
                label += f" ({ratio:.2g} ×)" if ratio < 10 else f" ({ratio:.0f} ×)"
            drawing.text(142 + length, y + 18, label, anchor="start", size=drawing.small)
            y += bar
        y += 2 * group - group / 2
    processor, _, system = benchmark["machine"].partition(", ")
    for up, line in [(26, processor), (8, f"{system}, numpy {benchmark['numpy']}")]:
        drawing.text(8, height - up, line, anchor="start", size=drawing.small, color="soft")
    return drawing
