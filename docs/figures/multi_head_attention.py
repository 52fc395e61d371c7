"""Figures of the chapter: multi-head attention."""

import json
from functools import cache

import numpy as np

from benchmarks.names import RESULTS, texts
from drawing import Array, Drawing, Plot, Say, number, ticks
from loss_on_names import losses_until
from names_model import looked_at
from scratchml import names, next_token_loss, pretrained
from sliders import Slider, sliders
from transformer_map import you_are_here


def here(say: Say) -> Drawing:
    return you_are_here(say, "attention")


A, B = np.array([2.0, 3.0]), np.array([2.5, 2.0])
WANTED = 2 * B - A


def best_factor(alpha: float) -> float:
    """The M with the least error if b has the weight `alpha`, for independent coordinates with mean 0 and variance 1."""
    return (3 * alpha - 1) / (alpha**2 + (1 - alpha) ** 2)


def error(alpha: float) -> float:
    """The mean square of M (αb + (1 − α) a) − (2b − a), in each coordinate, with that M."""
    factor = best_factor(alpha)
    return ((1 - alpha) * factor + 1) ** 2 + (alpha * factor - 2) ** 2


@sliders(alpha=Slider("给 b 的权重 α", "weight of b, α", np.linspace(0, 1, 21)))
def line(say: Say, alpha: float = 1.0) -> list[Drawing]:
    """From a and b to 2b − a: what one head can reach, and two heads; and the error of one."""
    plane = Drawing(350, 330)
    plot = Plot(plane, (-3.2, 7), (-4, 5.2), left=28, right=10, top=34, bottom=30)
    plot.title(say("同一对点，一个头和两个头", "one pair of points, one head and two"))
    plot.axes(ticks([-2, 0, 2, 4, 6]), ticks([-2, 0, 2, 4]))
    mean, factor = alpha * B + (1 - alpha) * A, best_factor(alpha)
    output = factor * mean
    plot.curve([-2 * mean[0], 3 * mean[0]], [-2 * mean[1], 3 * mean[1]], color="blue", dashed=True, width=1.5)
    plot.curve([A[0], B[0]], [A[1], B[1]], color="soft", width=2)
    plane.arrow(plot.at(0, 0), plot.at(*(2 * B)), color="green", width=2)
    plane.arrow(plot.at(*(2 * B)), plot.at(*WANTED), color="green", width=2)
    plot.label(4.1, 3.2, "2b", color="green", anchor="end", above=4)
    plot.label(4.15, 2.2, "−a", color="green", above=2)
    for point, name, across, above in [(A, "a", -8, 6), (B, "b", 6, -14)]:
        x, y = plot.at(*point)
        plane.circle(x, y, 5, fill="ink")
        plane.text(x + across, y - above, name, italic=True, anchor="end" if across < 0 else "start")
    x, y = plot.at(*WANTED)
    plane.circle(x, y, 7, fill="paper", stroke="ink", width=2)
    plane.text(x + 13, y + 5, "2b − a", anchor="start", italic=True)
    plane.circle(*plot.at(*mean), 5, fill="paper", stroke="blue", width=2)
    plane.circle(*plot.at(*output), 7, fill="blue")
    plane.text(
        40, 50, say("一个头：M = ", "one head: M = ") + f"{number(round(factor, 2))}", anchor="start", color="blue"
    )
    curve = Drawing(300, 330)
    plot = Plot(curve, (0, 1), (0, 5.6), left=34, right=16, top=48, bottom=44)
    plot.title(say("一个头的误差", "the error of one head"))
    plot.axes(ticks([0, 0.25, 0.5, 0.75, 1]), ticks([0, 1, 2, 3, 4, 5]), x_label=say("b 的权重 α", "weight of b, α"))
    alphas = np.linspace(0, 1, 101)
    plot.curve(alphas, [error(share) for share in alphas], color="blue")
    plot.curve([0, 1], [0.03, 0.03], color="green")
    plot.label(0.03, 0, say("两个头：0", "two heads: 0"), color="green")
    curve.circle(*plot.at(alpha, error(alpha)), 6, fill="blue")
    plot.label(0.03, 1.2, f"α = {number(alpha)}{say('：', ': ')}{error(alpha):.2f}", color="blue", above=0)
    return [plane, curve]


def split(say: Say) -> list[Drawing]:
    """The way of x through two heads, with shapes; and the numbers 0 to 11, cut into two heads."""
    way = Drawing(300, 372)
    x = way.box((150, 350), say("嵌入 x", "embedding x"), width=130, height=30)
    first = way.box((80, 262), say("头 1", "head 1"), width=92, height=44, color="blue")
    second = way.box((220, 262), say("头 2", "head 2"), width=92, height=44, color="orange")
    joined = way.box((150, 168), say("拼接", "side by side"), width=130, height=30)
    projection = way.box((150, 100), "W_o", width=130, height=30)
    output = way.box((150, 30), say("输出", "output"), width=130, height=30)
    way.elbow(x.at(0.3, 0), first.bottom, y=312)
    way.elbow(x.at(0.7, 0), second.bottom, y=312)
    way.elbow(first.top, joined.at(0.3, 1), y=212)
    way.elbow(second.top, joined.at(0.7, 1), y=212)
    way.arrow(joined.top, projection.bottom)
    way.arrow(projection.top, output.bottom)
    way.note(x.right, "(T, C)")
    way.note((76, 206), "(T, D)", "above")
    way.note((226, 206), "(T, D)", "above")
    way.note(joined.right, "(T, C)")
    way.note(projection.right, "(C, C)")
    way.note(output.right, "(T, C)")
    table = np.arange(12.0).reshape(3, 4)  # (T, C)
    heads = table.reshape(3, 2, 2).swapaxes(0, 1)  # (H, T, D)
    numbers = Drawing(340, 372)
    numbers.text(170, 16, say("一次乘法得到所有头的查询", "one product: the queries of all heads"), bold=True)
    for column, color in [(0, "blue"), (2, "orange")]:
        numbers.box((152 + 34 * column, 95), width=68, height=102, color=color)
    whole = numbers.matrix(118, 44, table, shape=False)
    numbers.note(whole.right, "(T, C)")
    for t in range(3):
        numbers.note(whole.row(t).left, say(f"词元 {t}", f"token {t}"), "left")
    numbers.arrow(whole.bottom, (186, 208))
    numbers.note((192, 180), say("从第 D 列断开", "cut at column D"))
    for h, (left, color) in enumerate([(70, "blue"), (214, "orange")]):
        numbers.box((left + 34, 295), width=68, height=102, color=color)
        part = numbers.matrix(left, 244, heads[h], shape=False)
        numbers.text(left + 34, 232, say(f"头 {h + 1}", f"head {h + 1}"), bold=True)
        numbers.note(part.bottom, "(T, D)", "below", gap=5)
    return [way, numbers]


def losses(say: Say) -> list[Drawing]:
    """The table of losses so far; and the same parameters in 1 to 16 heads, from several seeds."""
    measured: dict[str, list[float]] = json.loads(RESULTS.read_text("utf8"))["heads"]
    drawing = Drawing(330, 290)
    plot = Plot(drawing, (-0.5, len(measured) - 0.5), (2.12, 2.23), left=48, right=12, top=48, bottom=48)
    plot.title(say("头的个数", "how many heads"))
    plot.axes(
        dict(enumerate(measured)),
        ticks([2.14, 2.16, 2.18, 2.2, 2.22]),
        x_label=say("几个头（总宽度都是 32）", "heads (together always 32 wide)"),
        y_label=say("损失", "loss"),
    )
    means = [float(np.mean(values)) for values in measured.values()]
    plot.curve(range(len(means)), means, color="soft", width=1.5)
    for i, values in enumerate(measured.values()):
        for value in values:
            drawing.circle(*plot.at(i, value), 4.5, fill="paper", stroke="blue", width=2)
    return [losses_until("multi-head-attention", say), drawing]


@cache
def habits() -> dict[str, tuple[Array, float]]:
    """How much of its weight each head gives to the letter before and to vowels, from the third letter of each validation
    name on, and how much it would give if it spread it evenly over the characters so far: (blocks, H) and a number.
    """
    totals = {what: np.zeros((3, 4)) for what in ("previous", "vowels")}
    even = dict.fromkeys(totals, 0.0)
    places = 0
    for name in names("validation"):
        characters, weights = looked_at(name)  # (blocks, H, T, T)
        vowels = np.isin(characters, list("aeiou"))  # (T,)
        for t in range(3, len(characters)):
            rows = weights[:, :, t, : t + 1]
            totals["previous"] += rows[..., t - 1]
            totals["vowels"] += rows[..., vowels[: t + 1]].sum(axis=-1)
            even["previous"] += 1 / (t + 1)
            even["vowels"] += float(vowels[: t + 1].mean())
            places += 1
    return {what: (totals[what] / places, even[what] / places) for what in totals}


ROLES = [
    ("previous", 0, 1, ("前一个字母", "previous letter")),
    ("vowels", 2, 1, ("元音", "vowels")),
    ("vowels", 1, 3, ("元音", "vowels")),
]


def roles(say: Say) -> list[Drawing]:
    """Three heads of the names model that read margaret, and how much of their weight goes where on all names."""
    characters, weights = looked_at("margaret")
    panels = []
    for what, block, head, label in ROLES:
        share, even = habits()[what]
        drawing = Drawing(270, 310)
        drawing.title(say(f"第 {block + 1} 层，头 {head + 1}", f"block {block + 1}, head {head + 1}"))
        shares = say(f"：{share[block, head]:.0%}（{even:.0%}）", f": {share[block, head]:.0%} ({even:.0%})")
        drawing.text(135, 40, say(*label) + shares, color="blue", bold=True)
        drawing.heat_map(30, 74, weights[block, head], cell=25, rows=characters, columns=characters, largest=1)
        panels.append(drawing)
    return panels


@cache
def without() -> tuple[float, Array]:
    """The loss of the names model on the validation names, and without each of its heads: (blocks, H)."""
    model, _ = pretrained("names")
    validation = texts("validation")
    whole, after = next_token_loss(model, validation), np.zeros((3, 4))
    for i, block in enumerate(model.blocks):
        projection, width = block.attention.W_o, block.attention.head_dim
        kept = projection.value.copy()
        for head in range(block.attention.num_heads):
            changed = kept.copy()
            changed[head * width : (head + 1) * width] = 0
            projection.value = changed
            after[i, head] = next_token_loss(model, validation)
        projection.value = kept
    return whole, after


def removal(say: Say) -> Drawing:
    """By how much the loss rises when one head's rows of W_o are 0, for each of twelve heads."""
    whole, after = without()
    drawing = Drawing(356, 390)
    drawing.title(say(f"拿走一个头，损失升多少（原来 {whole:.3f}）", f"the loss rises by (from {whole:.3f})"))
    for i, row in enumerate(after - whole):
        for head, rise in enumerate(row):
            y = 46 + 120 * i + 26 * head
            if head == 0:
                drawing.text(10, y - 8, say(f"第 {i + 1} 层", f"block {i + 1}"), anchor="start", bold=True)
            drawing.text(128, y + 10, say(f"头 {head + 1}", f"head {head + 1}"), anchor="end", size=drawing.small)
            end = 138 + 600 * float(rise)
            drawing.line([(138, y + 5), (end, y + 5)], color="blue", width=12)
            drawing.note((end, y + 5), f"{rise:.3f}", gap=6, color="ink")
    return drawing
