"""Figures of the chapter: gradient descent."""

import numpy as np

from drawing import Array, Drawing, Plot, Say, ticks
from scratchml import numerical_gradient
from sliders import Slider, sliders


def _cost(w: Array) -> float:
    return 1.6 * w[0] ** 2 + 0.05 * w[1] ** 2


def _descend(rate: float) -> list[Array]:
    """Twenty steps down the bowl from (1, 5)."""
    path = [np.array([1.0, 5.0])]
    for _ in range(20):
        path.append(path[-1] - rate * numerical_gradient(_cost, path[-1]))
    return path


def _bowl(path: list[Array], color: str, title: str) -> Drawing:
    """A path over the contour lines of the bowl."""
    drawing = Drawing(340, 210)
    plot = Plot(drawing, (-3, 6), (-2.4, 2.4), left=36, right=8, top=28, bottom=40)
    plot.axes(ticks(range(-2, 7, 2)), ticks((-2, -1, 0, 1, 2)), x_label="w₂")
    drawing.text(12, plot.top + 6, "w₁", size=drawing.small, color="soft")
    plot.title(title)
    angles = np.linspace(0, 2 * np.pi, 121)
    for level in [0.05, 0.2, 0.4]:  # ovals whose half-axes are √(level / 1.6) and √(level / 0.05)
        plot.curve(
            np.sqrt(level / 0.05) * np.cos(angles), np.sqrt(level / 1.6) * np.sin(angles), color="soft", width=0.75
        )
    plot.curve([w[1] for w in path], [w[0] for w in path], color=color, width=1.5)
    for w in path:
        if abs(w[0]) <= 2.4:
            drawing.circle(*plot.at(w[1], w[0]), 3, fill=color)
    drawing.circle(*plot.at(0, 0), 3.5, stroke="ink")
    return drawing


def paths(say: Say) -> list[Drawing]:
    """Twenty steps at three rates."""
    return [
        _bowl(_descend(rate), color, say(f"学习率 {rate}", f"learning rate {rate}"))
        for rate, color in [(0.3, "green"), (0.6, "blue"), (0.65, "orange")]
    ]


@sliders(rate=Slider("学习率", "learning rate", np.linspace(0.02, 0.66, 33)))
def descent(say: Say, rate: float = 0.3) -> Drawing:
    """Twenty steps at one rate, and the loss after them."""
    path = _descend(rate)
    loss = _cost(path[-1])
    shown = f"{loss:.2f}" if loss < 100 else f"{loss:,.0f}"
    return _bowl(path, "blue", say(f"20 步以后的损失：{shown}", f"loss after 20 steps: {shown}"))
