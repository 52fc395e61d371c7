"""The drawing vocabulary of the book: a panel of SVG, in colors that follow the page's palette.

A figure is a function `figure(say)` that returns one `Drawing` or a list of them; `say(zh, en)` is the label in the
page's language. Panels stand side by side where there is room and one below the other on a phone, so a panel is at
most 420 wide: there its text is still as large as the text around it.

Colors are names: ink (text, lines), soft (axes, grid), paper (the page), and four that color-blind readers can tell
apart, in both palettes: blue, orange, green, purple.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_WIDTH = 420

Array = NDArray[Any]
Say = Callable[[str, str], str]
Ticks = Mapping[int, str] | Mapping[float, str]


def _color(name: str) -> str:
    return name if name == "none" else f"var(--figure-{name})"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


class Drawing:
    """A panel `width` × `height` pixels large, the origin at its top left."""

    def __init__(self, width: float, height: float) -> None:
        if width > MAX_WIDTH:
            raise ValueError(
                f"a panel is at most {MAX_WIDTH} wide, so that it can be read on a phone, got {width}: draw two panels"
            )
        self.width, self.height = width, height
        self._parts: list[str] = []

    def _add(self, tag: str, content: str = "", **attributes: object) -> None:
        written = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{_number(float(value)) if isinstance(value, (float, np.floating)) else value}"'
            for name, value in attributes.items()
            if value is not None
        )
        self._parts.append(f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "middle",
        size: float = 14,
        color: str = "ink",
        bold: bool = False,
        italic: bool = False,
    ) -> None:
        """`text` with its baseline at y; x is its start, middle or end, as `anchor` says. Names of variables are italic."""
        self._add(
            "text",
            escape(text),
            x=float(x),
            y=float(y),
            text_anchor=anchor,
            font_size=size,
            font_weight=600 if bold else None,
            font_style="italic" if italic else None,
            fill=_color(color),
        )

    def line(
        self, points: Sequence[tuple[float, float]], *, color: str = "ink", width: float = 1.5, dashed: bool = False
    ) -> None:
        """A line through the points."""
        path = "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        self._add(
            "path",
            d=path,
            fill="none",
            stroke=_color(color),
            stroke_width=width,
            stroke_dasharray="5 4" if dashed else None,
            stroke_linejoin="round",
        )

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], *, color: str = "ink", width: float = 1.5
    ) -> None:
        """A straight arrow from `start` to `end`."""
        (x1, y1), (x2, y2) = start, end
        length = math.hypot(x2 - x1, y2 - y1)
        ux, uy = (x2 - x1) / length, (y2 - y1) / length  # along the arrow
        head, half = 9, 4
        bx, by = x2 - head * ux, y2 - head * uy
        self.line([start, (bx, by)], color=color, width=width)
        corners = [(x2, y2), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)]
        self._add("path", d="M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in corners) + "z", fill=_color(color))

    def circle(
        self, x: float, y: float, radius: float, *, fill: str = "none", stroke: str = "none", width: float = 1.5
    ) -> None:
        self._add(
            "circle",
            cx=float(x),
            cy=float(y),
            r=float(radius),
            fill=_color(fill),
            stroke=_color(stroke),
            stroke_width=width,
        )

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        line_width: float = 1.5,
    ) -> None:
        self._add(
            "rect",
            x=float(x),
            y=float(y),
            width=float(width),
            height=float(height),
            fill=_color(fill),
            stroke=_color(stroke),
            stroke_width=line_width,
        )

    def pixels(self, x: float, y: float, size: float, image: Array) -> None:
        """A square gray image, values from 0 (paper) to 1, `size` wide, in a thin frame."""
        side = size / len(image)
        levels = np.round(np.asarray(image) * 16).astype(int)
        for level in range(1, 17):  # one path for each gray is a fifth of the size of one rectangle for each pixel
            cells = np.argwhere(levels == level)
            if len(cells):
                path = "".join(
                    f"M{_number(x + column * side)} {_number(y + row * side)}h{_number(side)}v{_number(side)}h-{_number(side)}z"
                    for row, column in cells
                )
                self._add("path", d=path, fill=_color("ink"), fill_opacity=str(round(level / 16, 3)))
        self.rectangle(x, y, size, size, stroke="soft", line_width=1)

    def matrix(
        self,
        x: float,
        y: float,
        values: ArrayLike,
        *,
        cell: float = 34,
        heat: bool = False,
        name: str = "",
        shape: bool = True,
    ) -> None:
        """A table of numbers, its name above and its shape below. With `heat`, blue is positive, orange negative, pale near zero."""
        table = np.atleast_2d(np.asarray(values, dtype=float))
        rows, columns = table.shape
        largest = np.abs(table).max() or 1
        for (i, j), value in np.ndenumerate(table):
            left, top = x + j * cell, y + i * cell
            if heat and value:
                self._add(
                    "rect",
                    x=float(left),
                    y=float(top),
                    width=float(cell),
                    height=float(cell),
                    fill=_color("blue" if value > 0 else "orange"),
                    fill_opacity=str(round(0.1 + 0.4 * abs(value) / largest, 2)),
                )
            self.rectangle(left, top, cell, cell, stroke="soft", line_width=1)
            self.text(
                left + cell / 2, top + cell / 2 + 5, f"{value:g}".replace("-", "−"), size=14 if cell >= 30 else 12
            )
        middle = x + columns * cell / 2
        if name:
            self.text(middle, y - 9, name, italic=True)
        if shape:
            self.text(middle, y + rows * cell + 18, f"({rows}, {columns})", size=13, color="soft")

    def network(
        self,
        layers: Sequence[Sequence[str]],
        weights: Sequence[Array] = (),
        *,
        left: float = 30,
        right: float = 30,
        top: float = 30,
        bottom: float = 30,
        radius: float = 19,
    ) -> list[list[tuple[float, float]]]:
        """A fully connected network: a square for each input, a circle for each neuron, and a line for each weight.

        `weights[k]` is (neurons of layer k, neurons of layer k + 1): blue lines are positive, orange ones negative, and
        each carries its number; without weights the lines are plain. Returns where the circles are, layer by layer.
        """
        xs = np.linspace(left + radius, self.width - right - radius, len(layers))
        middle, space = (top + self.height - bottom) / 2, self.height - top - bottom
        largest = max(len(layer) for layer in layers)
        step = (space - 2 * radius) / max(largest - 1, 1)
        places = [
            [(float(x), middle + (i - (len(layer) - 1) / 2) * step) for i in range(len(layer))]
            for x, layer in zip(xs, layers, strict=True)
        ]
        for k in range(len(layers) - 1):
            for i, (x1, y1) in enumerate(places[k]):
                for j, (x2, y2) in enumerate(places[k + 1]):
                    weight = weights[k][i][j] if weights else None
                    color = "blue" if weight and weight > 0 else "orange" if weight else "soft"
                    self.line([(x1, y1), (x2, y2)], color=color, width=1.2 if weight is None else 1.8)
                    if weight is not None:
                        along = 0.42 if (i + j) % 2 else 0.24  # nearer the source, where crossing lines are still apart
                        px, py = x1 + along * (x2 - x1), y1 + along * (y2 - y1)
                        label = f"{weight:g}".replace("-", "−")
                        self.rectangle(px - 5 * len(label), py - 9, 10 * len(label), 18, fill="paper")
                        self.text(px, py + 5, label, size=13, color=color, bold=True)
        for k, (layer, row) in enumerate(zip(layers, places, strict=True)):
            for text, (x, y) in zip(layer, row, strict=True):
                if k == 0:
                    self.rectangle(x - radius, y - radius, 2 * radius, 2 * radius, fill="paper", stroke="ink")
                else:
                    self.circle(x, y, radius, fill="paper", stroke="ink")
                self.text(x, y + 5, text, size=14, italic=text[:1].isalpha())
        return places

    def svg(self) -> str:
        width, height = _number(self.width), _number(self.height)
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(self._parts)}</svg>'


class Plot:
    """Axes in a drawing: `x` and `y` are the ranges of the data, and points are given in the data's units."""

    def __init__(
        self,
        drawing: Drawing,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        left: float = 48,
        right: float = 16,
        top: float = 16,
        bottom: float = 44,
    ) -> None:
        self.drawing, self._x, self._y = drawing, x, y
        self.left, self.right, self.top, self.bottom = left, drawing.width - right, top, drawing.height - bottom

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where the point (x, y) of the data is in the drawing."""
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (y - self._y[0]) / (self._y[1] - self._y[0])
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def axes(self, x_ticks: Ticks, y_ticks: Ticks, *, x_label: str = "", y_label: str = "") -> None:
        """The two axes: ticks are value → label; the labels name the quantities."""
        for value, label in y_ticks.items():
            _, y = self.at(self._x[0], value)
            self.drawing.line([(self.left, y), (self.right, y)], color="grid", width=1)
            self.drawing.text(self.left - 8, y + 5, label, anchor="end", size=13, color="soft")
        self.drawing.line([(self.left, self.bottom), (self.right, self.bottom)], color="soft", width=1)
        for value, label in x_ticks.items():
            x, _ = self.at(value, self._y[0])
            self.drawing.text(x, self.bottom + 18, label, size=13, color="soft")
        if x_label:
            self.drawing.text((self.left + self.right) / 2, self.bottom + 38, x_label, size=13, color="soft")
        if y_label:
            self.drawing.text(2, self.top - 14, y_label, anchor="start", size=13, color="soft")

    def curve(
        self, xs: Iterable[float], ys: Iterable[float], *, color: str, dashed: bool = False, width: float = 2.5
    ) -> None:
        self.drawing.line([self.at(x, y) for x, y in zip(xs, ys, strict=True)], color=color, dashed=dashed, width=width)

    def region(self, function: Callable[[Array], Array], *, color: str) -> None:
        """Tint the part of the plane where `function`, given points (n, 2), is above 0."""
        side = 2.0  # pixels
        columns = np.arange(self.left, self.right, side)
        path = ""
        for y in np.arange(self.top, self.bottom, side):
            xs = self._x[0] + (columns + side / 2 - self.left) / (self.right - self.left) * (self._x[1] - self._x[0])
            up = self._y[0] + (self.bottom - y - side / 2) / (self.bottom - self.top) * (self._y[1] - self._y[0])
            inside = np.asarray(function(np.column_stack([xs, np.full_like(xs, up)]))).ravel() > 0
            edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
            for start, end in edges.reshape(-1, 2):
                x, right = self.left + start * side, min(self.left + end * side, self.right)
                path += (
                    f"M{_number(x)} {_number(y)}H{_number(right)}v{_number(min(side, self.bottom - y))}H{_number(x)}z"
                )
        if path:
            self.drawing._add("path", d=path, fill=_color(color), fill_opacity="0.18", shape_rendering="crispEdges")

    def points(self, points: Array, *, filled: bool, radius: float = 7) -> None:
        """Points (n, 2): filled ones for yes (1), rings for no (0), so that they differ without color too."""
        for x, y in points:
            self.drawing.circle(*self.at(x, y), radius, fill="ink" if filled else "paper", stroke="ink", width=2)

    def label(self, x: float, y: float, text: str, *, color: str, anchor: str = "start", above: float = 8) -> None:
        """`text` beside the point (x, y), `above` pixels over it."""
        px, py = self.at(x, y)
        self.drawing.text(px, py - above, text, anchor=anchor, color=color, bold=True)
