"""Figures of the chapter: gradient descent."""

import numpy as np

from drawing import Array, Drawing, Plot, Say
from scratchml import numerical_gradient


def _cost(w: Array) -> float:
    return 1.6 * w[0] ** 2 + 0.05 * w[1] ** 2


def paths(say: Say) -> list[Drawing]:
    """Twenty steps down the bowl from (1, 5) at three rates, over the bowl's contour lines."""
    panels = []
    angles = np.linspace(0, 2 * np.pi, 121)
    for rate, color in [(0.3, "green"), (0.6, "blue"), (0.65, "orange")]:
        drawing = Drawing(340, 210)
        plot = Plot(drawing, (-3, 6), (-2.4, 2.4), left=36, right=8, top=28, bottom=40)
        plot.axes(
            {v: str(v).replace("-", "−") for v in range(-2, 7, 2)},
            {v: str(v).replace("-", "−") for v in (-2, -1, 0, 1, 2)},
            x_label="w₂",
        )
        drawing.text(12, plot.top + 6, "w₁", size=13, color="soft")
        drawing.text((plot.left + plot.right) / 2, 16, say(f"学习率 {rate}", f"learning rate {rate}"), bold=True)
        for level in [0.05, 0.2, 0.4]:  # ovals whose half-axes are √(level / 1.6) and √(level / 0.05)
            plot.curve(
                np.sqrt(level / 0.05) * np.cos(angles), np.sqrt(level / 1.6) * np.sin(angles), color="soft", width=0.75
            )
        w = np.array([1.0, 5.0])
        path = [w]
        for _ in range(20):
            w = w - rate * numerical_gradient(_cost, w)
            path.append(w)
        inside = [w for w in path if abs(w[0]) <= 2.4]
        plot.curve([w[1] for w in inside], [w[0] for w in inside], color=color, width=1.5)
        for w in inside:
            drawing.circle(*plot.at(w[1], w[0]), 3, fill=color)
        drawing.circle(*plot.at(0, 0), 3.5, stroke="ink")
        panels.append(drawing)
    return panels
