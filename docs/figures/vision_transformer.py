"""Figures of the chapter: a vision Transformer."""

import json
from functools import cache
from typing import Any

import numpy as np

from benchmarks.vision import HEADS, RESULTS, cut, images, ordered, train, transformer
from drawing import Array, Drawing, Plot, Say
from scratchml import TransformerBlock, digits
from sliders import Slider, sliders

ONE_OF_EACH = [list(digits().test_labels).index(digit) for digit in range(10)]  # a test image of each digit


@cache
def measured() -> dict[str, Any]:
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf8"))
    return results


def scrambled(say: Say) -> list[Drawing]:
    """A test image of each digit, and below it the same one with its pixels in the opening's order."""
    places = np.random.default_rng(0).permutation(64)
    panels = []
    for half in range(2):
        drawing = Drawing(324, 132)
        for column in range(5):
            image = digits().test_images[ONE_OF_EACH[5 * half + column]]
            drawing.pixels(6 + 64 * column, 4, 56, image.reshape(8, 8))
            drawing.pixels(6 + 64 * column, 72, 56, image[places].reshape(8, 8))
        panels.append(drawing)
    return panels


def model(say: Say) -> Drawing:
    """The way of a digit from bottom to top: four patches, a vector for each, blocks, their mean, ten scores."""
    drawing = Drawing(356, 560)
    image = digits().train_images[13].reshape(8, 8)  # the 3 of chapter machine-learning
    middle, columns = 150.0, [48.0, 116.0, 184.0, 252.0]
    drawing.pixels(middle - 44, 464, 88, image)
    drawing.line([(middle, 464), (middle, 552)], color="orange", width=2.5)
    drawing.line([(middle - 44, 508), (middle + 44, 508)], color="orange", width=2.5)
    drawing.note((middle + 52, 508), "(8, 8)")
    drawing.arrow((middle, 464), (middle, 440))
    for t, x in enumerate(columns):
        row, column = 4 * (t // 2), 4 * (t % 2)
        drawing.pixels(x - 22, 392, 44, image[row : row + 4, column : column + 4])
        drawing.rectangle(x - 22, 392, 44, 44, stroke="orange", line_width=2)
    drawing.note((282, 414), "(4, 16)")
    ways = [
        (344.0, say("线性层", "Linear"), "(4, C)", "none"),
        (284.0, say("＋ 位置", "+ positions"), "(4, C)", "none"),
        (216.0, say("Transformer 块，无掩码", "Transformer blocks, no mask"), "(4, C)", "blue"),
        (148.0, say("层归一化，四行取平均", "LayerNorm, mean of the four"), "(C)", "none"),
        (88.0, say("线性层", "Linear"), "(10)", "none"),
    ]
    below = 392.0
    for y, label, shape, color in ways:
        box = drawing.box((middle, y), label, width=248, height=34, color="blue" if color == "blue" else "ink")
        for x in [middle] if y < 100 else columns:
            drawing.arrow((x, below), (x, y + 17))
        drawing.note((282, y), shape)
        below = y - 17
        top = box.top
    drawing.arrow(top, (middle, 42))
    drawing.text(middle, 30, say("0 到 9 的分数", "scores of 0 to 9"))
    return drawing


def _dots(plot: Plot, y: float, accuracies: list[float], color: str, *, piled: bool = False) -> None:
    """A ring for each seed, equal ones `piled` upon one another, and a stroke at their mean."""
    mean = float(np.mean(accuracies))
    for i, value in enumerate(accuracies):
        x, middle = plot.at(100 * value, y)
        above = 6 * accuracies[:i].count(value) if piled else 0
        plot.drawing.circle(x, middle - above, 4, fill="none", stroke=color, width=1.5)
    x, middle = plot.at(100 * mean, y)
    plot.drawing.line([(x, middle - 10), (x, middle + 10)], color=color, width=3)


def _percent(accuracies: list[float]) -> str:
    return f"{100 * float(np.mean(accuracies)):.1f}%"


def accuracies(say: Say) -> Drawing:
    """Ten seeds of part I's network and of two vision Transformers with as many parameters."""
    drawing = Drawing(356, 330)
    drawing.title(say("没见过的图像，读对了多少", "images not seen before, read correctly"))
    plot = Plot(drawing, (93.5, 99), (3, 0), left=12, right=12, top=44, bottom=28)
    plot.axes({94: "94%", 95: "95%", 96: "96%", 97: "97%", 98: "98%"}, {})
    nearest = 100 * measured()["nearest_neighbor"]
    plot.curve([nearest, nearest], [0, 3], color="soft", dashed=True, width=1.5)
    x, _ = plot.at(nearest, 0)
    drawing.text(x, plot.top - 5, say("最近邻", "nearest neighbor"), anchor="end", size=drawing.small, color="soft")
    names = {
        "network": say("第一部分的网络，64-50-10", "part I's network, 64-50-10"),
        "four_patches": say("Transformer，4 个图块", "Transformer, 4 patches"),
        "sixteen_patches": say("Transformer，16 个图块", "Transformer, 16 patches"),
    }
    for i, (key, name) in enumerate(names.items()):
        row = measured()["compared"][key]
        color = "green" if key == "network" else "blue"
        _dots(plot, i + 0.8, row["accuracies"], color, piled=True)
        _, y = plot.at(94, i + 0.2)
        drawing.text(12, y + 2, f"{name}  {_percent(row['accuracies'])}", anchor="start", bold=True, color=color)
    return drawing


def shuffled(say: Say) -> list[Drawing]:
    """What shuffled images look like, and ten seeds of three models that learn from them."""
    orders = {
        "kept": say("原来的次序", "as they were"),
        "one": say("所有图像同一个次序", "one order for all"),
        "each": say("每张图像自己的次序", "each its own order"),
    }
    pictures = Drawing(250, 380)
    pictures.title(say("两个 3，各 16 个图块", "two 3s, 16 patches each"))
    threes = np.stack([digits().train_images[13], digits().test_images[ONE_OF_EACH[3]]])
    rng = np.random.default_rng(2)
    for row, (order, label) in enumerate(orders.items()):
        pictures.text(125, 48 + 114 * row, label)
        for column, patches in enumerate(ordered(cut(threes, 2), order, rng)):
            image = patches.reshape(4, 4, 2, 2).swapaxes(1, 2).reshape(8, 8)
            pictures.pixels(38 + 94 * column, 58 + 114 * row, 80, image)
    drawing = Drawing(356, 380)
    drawing.title(say("没见过的图像，读对了多少", "images not seen before, read correctly"))
    plot = Plot(drawing, (0, 100), (9.9, 0), left=132, right=58, top=30, bottom=40)
    plot.axes({0: "0%", 50: "50%", 100: "100%"}, {})
    short = [say("原来的次序", "as they were"), say("同一个次序", "one order"), say("自己的次序", "own orders")]
    models = [
        ("network", say("第一部分的网络", "part I's network"), "green"),
        ("transformer", say("Transformer，有位置", "Transformer, positions"), "blue"),
        ("without_positions", say("Transformer，没有位置", "Transformer, no positions"), "purple"),
    ]
    for i, (key, name, color) in enumerate(models):
        _, y = plot.at(10, 3.3 * i + 0.35)
        drawing.text(14, y + 4, name, anchor="start", bold=True, color=color)
        for j, order in enumerate(orders):
            values = measured()["shuffled"][key][order]
            place = 3.3 * i + 1.0 + 0.8 * j
            _dots(plot, place, values, color)
            left, y = plot.at(0, place)
            drawing.text(left - 14, y + 5, short[j], anchor="end", size=drawing.small, color="soft")
            drawing.text(352, y + 5, _percent(values), anchor="end", size=drawing.small)
    return [pictures, drawing]


@cache
def _looks() -> tuple[Array, Array]:
    """Three test images, and where a model trained on 16 patches looks in each: (3, 8, 8) and (3, HEADS, 16, 16)."""
    learned, test = images(2)
    rng = np.random.default_rng(0)
    trained = transformer(2, rng)
    train(trained, learned, measured()["compared"]["sixteen_patches"]["rate"], rng)
    block = next(layer for layer in trained.layers if isinstance(layer, TransformerBlock))
    chosen = [ONE_OF_EACH[digit] for digit in (0, 3, 7)]
    trained(test.patches[chosen])
    weights = block.attention.last_weights
    assert weights is not None
    return digits().test_images[chosen].reshape(3, 8, 8), np.array(weights)


@sliders(patch=Slider("哪个图块在看", "the patch that looks", range(1, 17)))
def attention(say: Say, patch: float = 7) -> list[Drawing]:
    """For one patch of three digits, the weights of both heads; and what is left of the accuracy without them."""
    pictures, weights = _looks()
    t = int(patch) - 1
    maps = Drawing(356, 372)
    for column, label in enumerate([say("图像", "image"), say("头 1", "head 1"), say("头 2", "head 2")]):
        maps.text(64 + 114 * column, 16, label, bold=True)
    for row, picture in enumerate(pictures):
        y = 28 + 114 * row
        maps.pixels(14, y, 100, picture)
        for head in range(HEADS):
            maps.heat_map(128 + 114 * head, y, weights[row, head, t].reshape(4, 4), cell=25, largest=1)
        for left in (14, 128, 242):
            maps.rectangle(left + 25 * (t % 4), y + 25 * (t // 4), 25, 25, stroke="orange", line_width=3)
    return [maps, _worth(say)]


def _worth(say: Say) -> Drawing:
    """Ten seeds: as trained, with attention made even afterwards, and trained with even attention from the start."""
    drawing = Drawing(356, 250)
    drawing.title(say("没见过的图像，读对了多少", "images not seen before, read correctly"))
    plot = Plot(drawing, (0, 100), (3, 0), left=12, right=60, top=32, bottom=40)
    plot.axes({0: "0%", 25: "25%", 50: "50%", 75: "75%", 100: "100%"}, {})
    rows = [
        ("as_trained", say("训练好的注意力", "attention as trained"), "blue"),
        ("evened", say("训练以后改成处处一样", "made even after training"), "orange"),
        ("trained_even", say("从训练开始就处处一样", "even from the start of training"), "green"),
    ]
    for i, (key, name, color) in enumerate(rows):
        values = measured()["looking"][key]
        _dots(plot, i + 0.72, values, color)
        _, y = plot.at(0, i + 0.3)
        drawing.text(12, y + 3, name, anchor="start", bold=True, color=color)
        _, y = plot.at(0, i + 0.72)
        drawing.text(352, y + 5, _percent(values), anchor="end", size=drawing.small)
    return drawing
