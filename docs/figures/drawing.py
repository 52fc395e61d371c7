"""The drawing vocabulary of the book: a panel of SVG, in colors that follow the page's palette.

A figure is a function `figure(say)` that returns one `Drawing` or a list of them; `say(zh, en)` is the label in the
page's language. Panels stand side by side where there is room and one below the other on a phone. A diagram is boxes,
which know the points in the middle of their edges, and arrows between those points:

    def projection(say: Say) -> Drawing:
        drawing = Drawing(240, 230)
        drawing.title(say("从向量到概率", "from a vector to probabilities"))
        x, scores, p = drawing.stack(
            ["x", say("线性层", "linear"), ("softmax", "blue")], (120, 220), direction="up", width=120
        )
        drawing.note(x.right, "(T, C)")
        return drawing

In every text `W_q` is a W with a small lowered q, and `d_{model}` a d with a longer one, where a single letter stands
before the underscore. In both languages all but the labels is the same: a box whose label differs between them gets a `width` that fits both.
What a reader couldn't see or read is refused with a ValueError: an unknown color, a label that doesn't fit its box or
leaves its panel, and one that would be too small on a phone.

Colors are names: ink (text, lines), soft (axes, grid), paper (the page), and four that color-blind readers can tell
apart, in both palettes: blue, orange, green, purple; grid is for the thinnest lines, and none for nothing.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The palette: docs/theme/stylesheets/book.css gives each a value in the light and in the dark.
COLORS = ("ink", "soft", "grid", "paper", "blue", "orange", "green", "purple")
# On the narrowest phones, 320 pixels, a panel is shown 280 wide, and no label may be under 11 there. MAX_WIDTH is where
# the usual label, as large as the text around it, reaches that.
PHONE, LEAST, SIZE = 280, 11, 14
MAX_WIDTH = PHONE * SIZE // LEAST
LINE = 1.3  # from one line of a label to the next, in sizes
HEAD = 9  # the length of an arrow's head
MARGIN = 2  # how far a thick curve reaches over the edge of its plot
LEVELS = 16  # shades of a heat map
SHARES = np.linspace(0, 1, 25).tolist()  # of a line, as places for its label
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
JOINS = {"⊕": "M-5 0h10M0-5v10", "⊗": "M-3.5-3.5l7 7M-3.5 3.5l7-7"}

# The width of a character in sizes, in the widest of the fonts that readers' systems bring: what fits fits everywhere.
WIDTHS = {
    character: width
    for width, characters in {
        0.29: "ijlIJ'",
        0.33: " .,:;|/\\·’",
        0.41: "ft()[]!r-ᵀ₀₁₂₃₄₅₆₇₈₉ₙᵢⱼⁿˣ⁰¹²³⁴⁵⁶⁷⁸⁹⁺",
        0.54: 'szc?"*_`L∂“”⁻',
        0.6: "aekovxyFPTY",
        0.72: "ABCKRUVXZα",
        0.79: "DGHNOQw&",
        0.85: "M#+<=>^~−×→←↑↓⊕≤≈∞",
        1.0: "mW%@…—",
    }.items()
    for character in characters
}
BOLD = 1.14  # how much wider bold letters are; 汉字 aren't
ABOVE, BELOW = 0.93, 0.24  # how far a line of text reaches over and under its baseline in the highest font, in sizes
LOWERED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-zΑ-Ωα-ω∂])_([A-Za-z0-9]{1,2}|\{[^{}]+\})(?![A-Za-z0-9_])")
SMALLER, LOWER = 0.72, 0.22  # the size of what is lowered, and how far it is, in sizes of the text

Array = NDArray[Any]
Say = Callable[[str, str], str]
Point = tuple[float, float]
Ticks = Mapping[int, str] | Mapping[float, str]
Anchor = Literal["start", "middle", "end"]
Direction = Literal["up", "down", "left", "right"]
Style = Literal["bold", "italic"]
Item = str | tuple[str, str] | tuple[str, str, Style]


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """How wide `text` is at most, in the fonts that readers have: 汉字 are as wide as they are high."""
    width = 0.0
    for part, lowered in _parts(text):
        han = sum(character >= "\u2e80" for character in part)
        others = sum(WIDTHS.get(character, 0.64) for character in part if character < "\u2e80")
        width += size * (SMALLER if lowered else 1) * (han + others * (BOLD if bold else 1))
    return width


def _parts(text: str) -> list[tuple[str, bool]]:
    """The parts of a label, and whether each is lowered: "W_q x" is W, a lowered q, and " x"."""
    parts, end = list[tuple[str, bool]](), 0
    for found in LOWERED.finditer(text):
        parts += [(text[end : found.end(1)], False), (found[2].strip("{}"), True)]
        end = found.end()
    return [*parts, (text[end:], False)]


def below(text: str) -> float:
    """How far `text` reaches under its baseline, in sizes."""
    return LOWER + BELOW * SMALLER if LOWERED.search(text) else BELOW


def _written(text: str, size: float) -> str:
    """A label as SVG, whose parts are lowered and raised again."""
    (first, _), *rest = _parts(text)
    written = escape(first)
    for part, lowered in rest:
        if part:
            small = f' font-size="{_number(SMALLER * size)}"' if lowered else ""
            written += f'<tspan dy="{_number((LOWER if lowered else -LOWER) * size)}"{small}>{escape(part)}</tspan>'
    return written


def number(value: float, form: str = "g") -> str:
    """`value` as a label: short, or in another `form` such as ".2f", and with a minus sign as wide as a plus."""
    return f"{value:{form}}".replace("-", "−")


def scientific(value: float) -> str:
    """`value` with one digit, as a label: 4 · 10⁻¹⁶."""
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit} · 10{str(int(exponent)).translate(RAISED)}"


def ticks(values: Iterable[float]) -> dict[float, str]:
    """Ticks of an axis, each with its number."""
    return {value: number(value) for value in values}


def powers_of_ten(exponents: Iterable[int]) -> dict[int, str]:
    """Ticks of an axis that shows logarithms: 1, 10⁻¹, 10⁻², …"""
    return {exponent: "10" + str(exponent).translate(RAISED) if exponent else "1" for exponent in exponents}


def between(start: Point, end: Point, share: float = 0.5) -> Point:
    """The point on the way from `start` to `end`: its middle, or another `share` of it."""
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


@dataclass(frozen=True)
class Box:
    """A rectangle in a drawing, and the points from and to which arrows go; (x, y) is its top left corner."""

    x: float
    y: float
    width: float
    height: float

    def at(self, across: float, down: float) -> Point:
        """A point of the box: (0, 0) is its top left corner, (1, 1) its bottom right one, (0.25, 1) on its bottom edge."""
        return self.x + across * self.width, self.y + down * self.height

    @property
    def top(self) -> Point:
        return self.at(0.5, 0)

    @property
    def bottom(self) -> Point:
        return self.at(0.5, 1)

    @property
    def left(self) -> Point:
        return self.at(0, 0.5)

    @property
    def right(self) -> Point:
        return self.at(1, 0.5)

    @property
    def center(self) -> Point:
        return self.at(0.5, 0.5)


@dataclass(frozen=True)
class Grid(Box):
    """The box of a table, which knows the boxes of its cells, rows and columns, counted from 0."""

    rows: int
    columns: int

    def cell(self, row: int, column: int) -> Box:
        width, height = self.width / self.columns, self.height / self.rows
        return Box(self.x + column * width, self.y + row * height, width, height)

    def row(self, row: int) -> Box:
        return Box(self.x, self.cell(row, 0).y, self.width, self.height / self.rows)

    def column(self, column: int) -> Box:
        return Box(self.cell(0, column).x, self.y, self.width / self.columns, self.height)


@dataclass
class _Clip:
    """A part of the panel, and what is drawn in it: beyond its edges nothing shows."""

    box: Box
    parts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        x, y, width, height = map(_number, (self.box.x, self.box.y, self.box.width, self.box.height))
        return _element(
            "svg", "".join(self.parts), x=x, y=y, width=width, height=height, viewBox=f"{x} {y} {width} {height}"
        )


def _color(name: str) -> str:
    if name == "none":
        return name
    if name not in COLORS:
        raise ValueError(f"the palette has no color {name!r}; it has {', '.join(COLORS)}")
    return f"var(--figure-{name})"


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"there is no place {value} in a drawing: leave it out")
    return f"{value:.1f}".removesuffix(".0")


def _element(tag: str, content: str = "", **attributes: object) -> str:
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_number(float(value)) if isinstance(value, (float, np.floating)) else value}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _line(path: str, color: str, width: float, dashed: bool = False) -> str:
    return _element(
        "path",
        d=path,
        fill="none",
        stroke=_color(color),
        stroke_width=width,
        stroke_dasharray="5 4" if dashed else None,
        stroke_linejoin="round",
    )


def _shades(levels: Array, x: float, y: float, width: float, height: float, *, gap: int = 0, every: bool) -> str:
    """A path for each of LEVELS shades, with the cells (width × height) of a table that have it; `every`, even without any.

    It is a fifth of the size of a rectangle for each cell.
    """
    paths = ""
    for level in range(1, LEVELS + 1):
        cells = np.argwhere(levels == level)
        if every or len(cells):
            path = "".join(
                f"M{_number(x + column * width)} {_number(y + row * height)}h{_number(width - gap)}v{_number(height - gap)}h-{_number(width - gap)}z"
                for row, column in cells
            )
            paths += _element("path", d=path, fill_opacity=f"{level / LEVELS:.3g}")
    return paths


class Drawing:
    """A panel `width` × `height` pixels large, the origin at its top left."""

    def __init__(self, width: float, height: float) -> None:
        if width > MAX_WIDTH:
            raise ValueError(
                f"a panel is at most {MAX_WIDTH} wide, so that it can be read on a phone, got {width}: draw two panels"
            )
        self.width, self.height = width, height
        self._parts: list[str | _Clip] = []

    @property
    def small(self) -> float:
        """The size of labels that stand back: ticks, shapes, notes."""
        return max(SIZE - 1, math.ceil(2 * self.width * LEAST / PHONE) / 2)

    def _add(self, tag: str, content: str = "", **attributes: object) -> None:
        self._parts.append(_element(tag, content, **attributes))

    # ---- text

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: Anchor = "middle",
        size: float = SIZE,
        color: str = "ink",
        bold: bool = False,
        italic: bool = False,
        turn: float = 0,
    ) -> None:
        """`text` with its baseline at y; x is its start, middle or end, as `anchor` says. Names of variables are italic.

        `turn` turns it around (x, y), clockwise in degrees. Raises ValueError where it leaves the panel or is too small.
        """
        if not text.strip():
            return
        needed = LEAST * max(1.0, self.width / PHONE)
        if size < needed:
            raise ValueError(
                f"the label {text!r} of size {size:g} is {size * LEAST / needed:.1f} on a phone, which shows this panel "
                f"{PHONE} of its {self.width:g} wide: make it at least {needed:.1f}, or the panel narrower"
            )
        self._check_inside(x, y, text, anchor, text_width(text, size, bold=bold), size, turn)
        self._add(
            "text",
            _written(text, size),
            x=float(x),
            y=float(y),
            text_anchor=anchor,
            font_size=f"{size:g}",
            font_weight=600 if bold else None,
            font_style="italic" if italic else None,
            fill=_color(color),
            transform=f"rotate({turn:g} {_number(x)} {_number(y)})" if turn else None,
        )

    def _check_inside(self, x: float, y: float, text: str, anchor: str, width: float, size: float, turn: float) -> None:
        start = {"start": 0.0, "middle": -width / 2, "end": -width}[anchor]
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        corners = [(dx, dy) for dx in (start, start + width) for dy in (-ABOVE * size, below(text) * size)]
        xs = [x + dx * cos - dy * sin for dx, dy in corners]
        ys = [y + dx * sin + dy * cos for dx, dy in corners]
        outside = max(-min(xs), max(xs) - self.width, -min(ys), max(ys) - self.height)
        if outside > MARGIN:
            raise ValueError(
                f"the label {text!r}, {width:.0f} wide, is cut off by {outside:.0f}: it reaches from x = {min(xs):.0f} to "
                f"{max(xs):.0f} and from y = {min(ys):.0f} to {max(ys):.0f} in a panel of {self.width:g} × {self.height:g}"
            )

    def title(self, text: str, *, x: float | None = None) -> None:
        """The panel's title, bold at its top, in its middle or with its own middle at x; leave 28 pixels for it."""
        self.text(self.width / 2 if x is None else x, 16, text, bold=True)

    def note(
        self,
        point: Point,
        text: str,
        side: Literal["left", "right", "above", "below"] = "right",
        *,
        gap: float = 8,
        color: str = "soft",
        bold: bool = False,
        italic: bool = False,
    ) -> None:
        """A small label beside a point, such as a box's anchor: `drawing.note(box.right, "(T, C)")`."""
        x, y = point
        size = self.small
        if side in ("left", "right"):
            x, y = x + (gap if side == "right" else -gap), y + 0.35 * size
        else:
            y += gap + 0.75 * size if side == "below" else -gap
        anchors: dict[str, Anchor] = {"left": "end", "right": "start"}
        self.text(x, y, text, anchor=anchors.get(side, "middle"), size=size, color=color, bold=bold, italic=italic)

    # ---- lines

    def line(self, points: Sequence[Point], *, color: str = "ink", width: float = 1.5, dashed: bool = False) -> None:
        """A line through the points."""
        self._parts.append(_line(_path(points), color, width, dashed))

    def arrow(self, start: Point, end: Point, *, color: str = "ink", width: float = 1.5) -> None:
        """A straight arrow from `start` to `end`, from one box's anchor to another's: `arrow(a.top, b.bottom)`."""
        self._arrow([start, end], color, width)

    def elbow(
        self,
        start: Point,
        end: Point,
        *,
        x: float | None = None,
        y: float | None = None,
        color: str = "ink",
        width: float = 1.5,
    ) -> None:
        """An arrow with right angles: across to the line at x, along it, and across to `end`; or the same by way of y.

        A residual connection leaves a box at its side, or the arrow before it, and joins on the same side:
        `elbow(between(x.top, norm.bottom), plus.right, x=300)`.
        With one corner it runs at the end's own x (first across) or y (first up or down): `elbow(a, b, x=b[0])`.
        """
        if (x is None) == (y is None):
            raise ValueError("an elbow runs along one line: give it x or y")
        if x is not None:
            points = [start, (x, start[1]), (x, end[1]), end]
        else:
            assert y is not None
            points = [start, (start[0], y), (end[0], y), end]
        self._arrow(
            [point for point, after in zip(points, [*points[1:], None], strict=True) if point != after], color, width
        )

    def _arrow(self, points: list[Point], color: str, width: float) -> None:
        """An arrow through the points, with rounded corners."""
        (x1, y1), (x2, y2) = points[-2:] if len(points) > 1 else points * 2
        length = math.hypot(x2 - x1, y2 - y1)
        if length <= HEAD:
            raise ValueError(
                f"an arrow from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) is {length:.0f} long, and its head {HEAD}: move its ends apart"
            )
        ux, uy = (x2 - x1) / length, (y2 - y1) / length  # along the arrow
        half = 4
        base = (x2 - HEAD * ux, y2 - HEAD * uy)
        path = f"M{_number(points[0][0])} {_number(points[0][1])}"
        way = [*points[:-1], base]
        for before, corner, after in zip(way, way[1:], way[2:], strict=False):
            sides = [math.dist(corner, before), math.dist(corner, after)]
            into, out = (
                between(corner, end, min(8, side / 2) / side) for end, side in zip((before, after), sides, strict=True)
            )
            path += f"L{_number(into[0])} {_number(into[1])}Q{_number(corner[0])} {_number(corner[1])} {_number(out[0])} {_number(out[1])}"
        path += f"L{_number(base[0])} {_number(base[1])}"
        self._parts.append(_line(path, color, width))
        head = [(x2, y2), (base[0] - half * uy, base[1] + half * ux), (base[0] + half * uy, base[1] - half * ux)]
        self._add("path", d=_path(head) + "z", fill=_color(color))

    # ---- shapes

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

    # ---- diagrams: boxes, and what joins them

    def box(
        self,
        center: Point,
        label: str = "",
        *,
        width: float | None = None,
        height: float | None = None,
        color: str = "ink",
        bold: bool = False,
        italic: bool = False,
    ) -> Box:
        """A box around `center` with a label, "\\n" between its lines; without a width it is as wide as the label needs.

        A box in a color is tinted; one in the color "none" is its label alone, with anchors around it.
        Raises ValueError where the label doesn't fit.
        """
        lines = label.split("\n")
        roomy = self._roomy(label, color, bold)
        width, height = roomy[0] if width is None else width, roomy[1] if height is None else height
        widest = max(lines, key=lambda line: text_width(line, bold=bold))
        if (needed := text_width(widest, bold=bold)) > width - 2 * 4:
            raise ValueError(
                f"the label {widest!r} is {needed:.0f} wide, and its box has room for {width - 2 * 4:.0f}: "
                "make the box wider or the label shorter"
            )
        if (needed := LINE * SIZE * len(lines)) > height:
            raise ValueError(
                f"the label {label!r} is {needed:.0f} high, and its box has room for {height:.0f}: "
                "make the box higher or the label shorter"
            )
        box = self._fitting(Box(center[0] - width / 2, center[1] - height / 2, width, height))
        if color != "none":
            tinted = color not in ("ink", "soft", "grid")
            self._add(
                "rect",
                x=float(box.x),
                y=float(box.y),
                width=float(width),
                height=float(height),
                rx=5,
                fill=_color(color if tinted else "paper"),
                fill_opacity="0.12" if tinted else None,
                stroke=_color(color),
                stroke_width=1.5,
            )
        for i, line in enumerate(lines):
            y = center[1] + 0.35 * SIZE + (i - (len(lines) - 1) / 2) * LINE * SIZE
            self.text(center[0], y, line, bold=bold, italic=italic)
        return box

    @staticmethod
    def _roomy(label: str, color: str, bold: bool = False) -> tuple[float, float]:
        """The width and height of a box in which the label has air."""
        lines = label.split("\n")
        width = math.ceil(max(text_width(line, bold=bold) for line in lines)) + 2 * 10
        return width, math.ceil(LINE * SIZE * len(lines)) + 2 * (2 if color == "none" else 8)

    def join(self, center: Point, sign: str = "⊕", *, color: str = "ink") -> Box:
        """A small circle in which arrows meet: ⊕ adds what they bring, ⊗ multiplies it. Its anchors are on the circle."""
        if sign not in JOINS:
            raise ValueError(f"there is no join {sign!r}; there are {' and '.join(JOINS)}")
        x, y = center
        self.circle(x, y, 11, fill="paper", stroke=color)
        self._add(
            "path",
            d=JOINS[sign],
            transform=f"translate({_number(x)} {_number(y)})",
            stroke=_color(color),
            stroke_width=1.5,
        )
        return self._fitting(Box(x - 11, y - 11, 22, 22))

    def stack(
        self,
        items: Sequence[Item],
        start: Point,
        *,
        direction: Direction = "up",
        gap: float = 24,
        width: float | None = None,
        height: float | None = None,
        arrows: bool = True,
    ) -> list[Box]:
        """Boxes in a row, each with an arrow to the next, from `start`, the middle of the first one's outer edge.

        An item is a label, a label and its color (as in `box`), or these and "italic" or "bold": `("x", "none", "italic")`;
        "⊕" and "⊗" are joins. Without a width, boxes one
        above the other are all as wide as the widest label, and boxes side by side each as wide as its own.
        """
        labels = [(item, "ink", "") if isinstance(item, str) else (*item, "")[:3] for item in items]
        upright = direction in ("up", "down")
        sizes = [
            (22.0, 22.0) if label in JOINS else self._roomy(label, color, style == "bold")
            for label, color, style in labels
        ]
        if upright and width is None:
            width = max(
                (size[0] for (label, *_), size in zip(labels, sizes, strict=True) if label not in JOINS), default=0
            )
        sign = -1 if direction in ("up", "left") else 1
        boxes: list[Box] = []
        x, y = start
        for (label, color, style), needed in zip(labels, sizes, strict=True):
            joins = label in JOINS
            own = joins or color == "none"
            across = needed[0] if own or width is None else width
            down = needed[1] if own or height is None else height
            step = sign * (down if upright else across)
            center = (x, y + step / 2) if upright else (x + step / 2, y)
            boxes.append(
                self.join(center, label, color=color)
                if joins
                else self.box(center, label, width=across, height=down, color=color, **{style: True} if style else {})
            )
            step += sign * gap
            x, y = (x, y + step) if upright else (x + step, y)
        if arrows:
            leave, enter = {
                "up": ("top", "bottom"),
                "down": ("bottom", "top"),
                "right": ("right", "left"),
                "left": ("left", "right"),
            }[direction]
            for box, after in pairwise(boxes):
                self.arrow(getattr(box, leave), getattr(after, enter))
        return boxes

    def frame(self, boxes: Sequence[Box], *, margin: float = 12, color: str = "soft") -> Box:
        """A thin frame around boxes that belong together: `drawing.note(drawing.frame(block).right, "× 12")`."""
        left, top = min(box.x for box in boxes) - margin, min(box.y for box in boxes) - margin
        right, bottom = max(box.at(1, 1)[0] for box in boxes) + margin, max(box.at(1, 1)[1] for box in boxes) + margin
        self._add(
            "rect",
            x=float(left),
            y=float(top),
            width=float(right - left),
            height=float(bottom - top),
            rx=8,
            fill="none",
            stroke=_color(color),
            stroke_width=1,
            stroke_dasharray="3 3",
        )
        return self._fitting(Box(left, top, right - left, bottom - top))

    def _fitting(self, box: Box) -> Box:
        """The box, if it is inside the panel."""
        right, bottom = box.at(1, 1)
        outside = max(-box.x, -box.y, right - self.width, bottom - self.height)
        if outside > MARGIN:
            raise ValueError(
                f"a box from ({box.x:g}, {box.y:g}) to ({right:g}, {bottom:g}) is cut off by {outside:.0f} in a panel of "
                f"{self.width:g} × {self.height:g}: move it, or make the panel larger"
            )
        return box

    # ---- tables of numbers

    def pixels(self, x: float, y: float, size: float, image: Array) -> None:
        """A square gray image, values from 0 (paper) to 1, `size` wide, in a thin frame."""
        side = size / len(image)
        levels = np.round(np.asarray(image) * LEVELS).astype(int)
        self._add("g", _shades(levels, x, y, side, side, every=False), fill=_color("ink"))
        self.rectangle(x, y, size, size, stroke="soft", line_width=1)

    def heat_map(
        self,
        x: float,
        y: float,
        values: ArrayLike,
        *,
        cell: float | tuple[float, float] = 24,
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        color: str = "blue",
        diverging: bool = False,
        largest: float | None = None,
        turned: bool = False,
        x_label: str = "",
        y_label: str = "",
    ) -> Grid:
        """A table of colored cells without numbers, its top left corner at (x, y), with labels on its left and above it.

        From paper at 0 to the full color at `largest`, or at the largest value; `diverging`: blue above 0, orange
        below. Panels that are to be compared, and the positions of a slider, get the same `largest`. `turned` labels
        of columns rise to the right. `x_label` says what the columns are, above their labels, and `y_label`, turned, what
        the rows are. A cell is a square, or (width, height): embeddings are rows of narrow cells.
        """
        table = np.atleast_2d(np.asarray(values, dtype=float))
        width, height = cell if isinstance(cell, tuple) else (cell, cell)
        grid = Grid(x, y, width * table.shape[1], height * table.shape[0], *table.shape)
        reach = float(np.abs(table).max()) if largest is None else largest
        if not np.abs(table).max() <= reach:  # not a number, too
            raise ValueError(f"a heat map up to {reach:g} can't show {np.abs(table).max():g}: give a larger `largest`")
        if not diverging and table.min() < 0:
            raise ValueError(f"a heat map in one color begins at 0 and can't show {table.min():g}: draw it `diverging`")
        for what, labels, count in [("rows", rows, grid.rows), ("columns", columns, grid.columns)]:
            if labels and len(labels) != count:
                raise ValueError(f"a heat map with {count} {what} needs a label for each of them, got {len(labels)}")
        levels = np.round(table / (reach or 1) * LEVELS).astype(int)
        gap = 1 if min(width, height) >= 16 else 0  # thin lines of paper tell large cells apart
        for sign, tint in [(1, "blue"), (-1, "orange")] if diverging else [(1, color)]:
            # Every shade, whether there or not, so that all positions of a slider have the same structure.
            shades = _shades(sign * levels, x, y, width, height, gap=gap, every=True)
            self._add("g", shades, fill=_color(tint), shape_rendering="crispEdges")
        self.rectangle(x - gap, y - gap, grid.width + gap, grid.height + gap, stroke="soft", line_width=1)
        self._fitting(grid)
        # Where only some rows or columns are labelled, as ticks are, a label has the room of those without one, too.
        down, across = (
            min(np.diff([i for i, label in enumerate(labels) if label]), default=1) for labels in (rows, columns)
        )
        if any(rows) and down * height < 0.9 * self.small:
            raise ValueError(
                f"labels of {self.small:g} need rows at least {0.9 * self.small:.0f} high, got {down * height:g}"
            )
        for i, label in enumerate(rows):
            self.note(grid.row(i).left, label, "left", gap=7, color="ink")
        for j, label in enumerate(columns):
            room, needed = across * grid.column(j).width, text_width(label, self.small)
            if turned:
                middle, top = grid.column(j).top
                self.text(middle + 0.25 * self.small, top - 6, label, anchor="start", size=self.small, turn=-50)
            elif needed > room + 2:
                raise ValueError(
                    f"the label {label!r} is {needed:.0f} wide, and its column {room:g}: make the cells wider, or the labels `turned`"
                )
            else:
                self.note(grid.column(j).top, label, "above", gap=7, color="ink")
        if x_label:
            widest = max((text_width(label, self.small) for label in columns), default=0)
            high = (
                6 + math.sin(math.radians(50)) * widest + 0.6 * self.small
                if turned
                else (7 + self.small) * any(columns)
            )
            self.note(grid.top, x_label, "above", gap=high + 8)
        if y_label:
            wide = max((7 + text_width(label, self.small) for label in rows if label), default=0)
            self.text(x - wide - 10, grid.left[1], y_label, size=self.small, color="soft", turn=-90)
        return grid

    def heat_key(self, x: float, y: float, low: str, high: str, *, color: str = "blue", diverging: bool = False) -> Box:
        """What the colors of a heat map mean: a strip of them, 80 wide, from `low` on its left to `high` on its right."""
        strip = self.heat_map(
            x, y, np.linspace(-1 if diverging else 0, 1, 9), cell=(80 / 9, 10), color=color, diverging=diverging
        )
        self.note(strip.left, low, "left")
        self.note(strip.right, high)
        return strip

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
    ) -> Grid:
        """A table of numbers, its name above and its shape below. With `heat`, blue is positive, orange negative, pale near zero."""
        table = np.atleast_2d(np.asarray(values, dtype=float))
        rows, columns = table.shape
        largest = np.abs(table).max() or 1
        widest = max(map(number, table.ravel()), key=text_width)
        size = next((size for size in (SIZE, self.small, 12) if text_width(widest, size) <= cell - 2), 0)
        if not size:
            raise ValueError(
                f"the number {widest} of a table doesn't fit its cell, {cell:g} wide: make the cells wider"
            )
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
            self.text(left + cell / 2, top + cell / 2 + 5, number(value), size=size)
        middle = x + columns * cell / 2
        if name:
            self.text(middle, y - 9, name, italic=True)
        if shape:
            self.text(middle, y + rows * cell + 18, f"({rows}, {columns})", size=self.small, color="soft")
        return Grid(x, y, columns * cell, rows * cell, rows, columns)

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
    ) -> list[list[Point]]:
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
        for k, (before, after) in enumerate(pairwise(places)):
            lines = [(start, end) for start in before for end in after]
            numbers = np.ravel(weights[k]) if weights else [None] * len(lines)
            for (start, end), weight in zip(lines, numbers, strict=True):
                color = "blue" if weight and weight > 0 else "orange" if weight else "soft"
                self.line([start, end], color=color, width=1.2 if weight is None else 1.8)
            written: list[Point] = []
            for (start, end), weight in zip(lines, numbers, strict=True) if weights else ():
                color = "blue" if weight > 0 else "orange" if weight else "soft"
                # Where the label is farthest from other lines and labels, and its own line can be seen on both sides.
                others = [between(*line, share) for line in lines if line != (start, end) for share in SHARES]
                px, py = max(
                    (between(start, end, share) for share in SHARES[6:-6]),
                    key=lambda point: min(math.dist(point, other) for other in [*others, *written, *before, *after]),
                )
                written += [(px + dx, py) for dx in (-8, 0, 8)]
                label = number(weight)
                self.rectangle(px - 5 * len(label), py - 9, 10 * len(label), 18, fill="paper")
                self.text(px, py + 5, label, size=self.small, color=color, bold=True)
        for k, (layer, row) in enumerate(zip(layers, places, strict=True)):
            for text, (x, y) in zip(layer, row, strict=True):
                if k == 0:
                    self.rectangle(x - radius, y - radius, 2 * radius, 2 * radius, fill="paper", stroke="ink")
                else:
                    self.circle(x, y, radius, fill="paper", stroke="ink")
                self.text(x, y + 5, text, italic=text[:1].isalpha())
        return places

    def svg(self) -> str:
        width, height = _number(self.width), _number(self.height)
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(map(str, self._parts))}</svg>'

    def _inside(self, box: Box, part: str) -> None:
        """Add a part of which only what is inside the box shows; parts that follow one another share one nested <svg>."""
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, _Clip) or last.box != box:
            last = _Clip(box)
            self._parts.append(last)
        last.parts.append(part)


class Plot:
    """Axes in a drawing: `x` and `y` are the ranges of the data, and points are given in the data's units.

    Curves end at the edge of the plot, wherever their data go.
    """

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

    def title(self, text: str) -> None:
        """The drawing's title, over the middle of the axes."""
        self.drawing.title(text, x=(self.left + self.right) / 2)

    def at(self, x: float, y: float) -> Point:
        """Where the point (x, y) of the data is in the drawing."""
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (y - self._y[0]) / (self._y[1] - self._y[0])
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def axes(self, x_ticks: Ticks, y_ticks: Ticks, *, x_label: str = "", y_label: str = "") -> None:
        """The two axes: ticks are value → label; the labels name the quantities."""
        for value, label in y_ticks.items():
            _, y = self.at(self._x[0], value)
            self.drawing.line([(self.left, y), (self.right, y)], color="grid", width=1)
            self.drawing.text(self.left - 8, y + 5, label, anchor="end", size=self.drawing.small, color="soft")
        self.drawing.line([(self.left, self.bottom), (self.right, self.bottom)], color="soft", width=1)
        for value, label in x_ticks.items():
            x, _ = self.at(value, self._y[0])
            self.drawing.text(x, self.bottom + 18, label, size=self.drawing.small, color="soft")
        if x_label:
            self.drawing.text(
                (self.left + self.right) / 2, self.bottom + 38, x_label, size=self.drawing.small, color="soft"
            )
        if y_label:
            self.drawing.text(2, self.top - 14, y_label, anchor="start", size=self.drawing.small, color="soft")

    def curve(
        self, xs: Iterable[float], ys: Iterable[float], *, color: str, dashed: bool = False, width: float = 2.5
    ) -> None:
        """A line through the points (x, y), of which only what is inside the axes shows."""
        area = Box(
            self.left - MARGIN,
            self.top - MARGIN,
            self.right - self.left + 2 * MARGIN,
            self.bottom - self.top + 2 * MARGIN,
        )
        path = _path(self.at(x, y) for x, y in zip(xs, ys, strict=True))
        self.drawing._inside(area, _line(path, color, width, dashed))

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

    def bar(self, x: float, height: float, *, width: float, color: str) -> None:
        """A bar from 0 up to `height`, with its middle at x and at least half a pixel high."""
        left, top = self.at(x - width / 2, height)
        right, bottom = self.at(x + width / 2, 0)
        self.drawing.rectangle(left, top, right - left, max(bottom - top, 0.5), fill=color)

    def points(self, points: Array, *, filled: bool, radius: float = 7) -> None:
        """Points (n, 2): filled ones for yes (1), rings for no (0), so that they differ without color too."""
        for x, y in points:
            self.drawing.circle(*self.at(x, y), radius, fill="ink" if filled else "paper", stroke="ink", width=2)

    def label(self, x: float, y: float, text: str, *, color: str, anchor: Anchor = "start", above: float = 8) -> None:
        """`text` beside the point (x, y), `above` pixels over it."""
        px, py = self.at(x, y)
        self.drawing.text(px, py - above, text, anchor=anchor, color=color, bold=True)
