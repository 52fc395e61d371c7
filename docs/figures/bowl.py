"""The bowl 1.6 w₁² + 0.05 w₂² from above, for the figures of gradient-descent and optimization."""

import numpy as np
from numpy.typing import ArrayLike

from drawing import Drawing, Plot, ticks


def path_over_the_bowl(path: ArrayLike, title: str, color: str) -> Drawing:
    """A path, of (w₁, w₂), over the bowl's contour lines; it may leave the picture at the top and the bottom."""
    drawing = Drawing(340, 230)
    plot = Plot(drawing, (-4, 6), (-2.4, 2.4), left=36, right=8, top=28, bottom=40)
    plot.axes(ticks(range(-4, 7, 2)), ticks((-2, -1, 0, 1, 2)), x_label="w₂")
    drawing.text(12, plot.top + 6, "w₁", size=drawing.small, color="soft")
    plot.title(title)
    angles = np.linspace(0, 2 * np.pi, 121)
    for level in [0.05, 0.2, 0.4]:  # ovals whose half-axes are √(level / 1.6) and √(level / 0.05)
        plot.curve(
            np.sqrt(level / 0.05) * np.cos(angles), np.sqrt(level / 1.6) * np.sin(angles), color="soft", width=0.75
        )
    w1, w2 = np.transpose(path)
    plot.curve(w2, w1, color=color, width=1.5)
    for place in np.stack([w2, w1], axis=1)[abs(w1) <= 2.4]:
        drawing.circle(*plot.at(*place), 3, fill=color)
    drawing.circle(*plot.at(0, 0), 3.5, stroke="ink")
    return drawing
