"""Figures of the chapter: generalization."""

from functools import cache

import numpy as np
from numpy.polynomial import Polynomial

from drawing import Array, Drawing, Plot, Say, ticks
from scratchml import (
    Adam,
    CrossEntropy,
    History,
    Linear,
    MiniBatches,
    ReLU,
    Sequential,
    digits,
    fit,
    mean_loss,
    squared_error,
)
from sliders import Slider, sliders


@cache
def _accuracies(seed: int, shuffled: bool) -> tuple[list[float], list[float]]:
    """The accuracy on 300 training images and on the test set, before training and after every fourth of 80 epochs."""
    train_images, train_labels, test_images, test_labels = digits()
    rng = np.random.default_rng(seed)
    rows = rng.permutation(1433)[:300]
    images, labels = train_images[rows], train_labels[rows]
    if shuffled:
        labels = np.random.default_rng(seed + 1).permutation(labels)
    model = Sequential(Linear(64, 128, rng=rng), ReLU(), Linear(128, 10, rng=rng))
    optimizer, batches = Adam(model.parameters(), 0.01), MiniBatches(images, labels, rng=rng)
    seen, unseen = [], []
    for epoch in range(0, 81, 4):
        if epoch:
            fit(model, CrossEntropy(), optimizer, batches, epochs=4)
        seen.append((model.forward(images).argmax(axis=1) == labels).mean())
        unseen.append((model.forward(test_images).argmax(axis=1) == test_labels).mean())
    return seen, unseen


def shuffled_labels(say: Say) -> list[Drawing]:
    """Accuracy on training and test images, with true and with shuffled labels; thin lines are two other seeds."""
    panels = []
    for shuffled in [False, True]:
        drawing = Drawing(330, 260)
        plot = Plot(drawing, (0, 80), (0, 1), top=40)
        plot.axes(
            ticks(range(0, 81, 20)),
            {tenth / 10: f"{tenth * 10}%" for tenth in range(0, 11, 2)},
            x_label=say("轮次", "epoch"),
        )
        title = say("打乱的标签", "shuffled labels") if shuffled else say("真的标签", "true labels")
        plot.title(title)
        for seed in [1, 2, 0]:
            for accuracies, color in zip(_accuracies(seed, shuffled), ["green", "blue"], strict=True):
                plot.curve(range(0, 81, 4), accuracies, color=color, width=0.75 if seed else 2.5)
        plot.label(80, 0.8, say("训练集", "training set"), color="green", anchor="end")
        plot.label(80, 0.2 if shuffled else 0.68, say("测试集", "test set"), color="blue", anchor="end")
        panels.append(drawing)
    return panels


@cache
def _thermometer() -> tuple[Array, Array, Array, Array]:
    """Fifteen readings over a day, and 400 others of the same kind: hours and degrees of both."""
    rng = np.random.default_rng(0)
    hours = np.linspace(0, 24, 15)
    degrees = _temperature(hours) + rng.normal(0, 1.5, 15)
    new_hours = rng.uniform(0, 24, 400)
    return hours, degrees, new_hours, _temperature(new_hours) + rng.normal(0, 1.5, 400)


def _temperature(hour: Array) -> Array:
    return 15 + 6 * np.sin(2 * np.pi * (hour - 9) / 24)


@cache
def _fitted(degree: int) -> tuple[Polynomial, float, float]:
    """The polynomial with the smallest squared error on the fifteen readings, its error there and on the others."""
    hours, degrees, new_hours, new_degrees = _thermometer()
    polynomial = Polynomial.fit(hours, degrees, degree, domain=[0, 24])
    errors = [
        squared_error(y.reshape(-1, 1), polynomial(x).reshape(-1, 1))
        for x, y in [(hours, degrees), (new_hours, new_degrees)]
    ]
    return polynomial, errors[0], errors[1]


@sliders(degree=Slider("次数", "degree", range(15)))
def degrees(say: Say, degree: float = 3) -> list[Drawing]:
    """A polynomial through fifteen readings, and the errors of all degrees with this one marked."""
    hours, readings, _, _ = _thermometer()
    polynomial, error, new_error = _fitted(int(degree))
    first = Drawing(330, 260)
    plot = Plot(first, (0, 24), (0, 30), left=36, top=40)
    plot.axes(ticks(range(0, 25, 6)), ticks(range(0, 31, 10)), x_label=say("时刻", "hour"))
    plot.title(say(f"次数 {degree:g}", f"degree {degree:g}"))
    xs = np.linspace(0, 24, 145)
    plot.curve(xs, np.clip(polynomial(xs), -20, 50), color="blue")
    for x, y in zip(hours, readings, strict=True):
        first.circle(*plot.at(x, y), 4, fill="ink")

    second = Drawing(330, 260)
    plot = Plot(second, (0, 14), (0, 24), left=36, top=40)
    plot.axes(ticks(range(0, 15, 2)), ticks(range(0, 25, 6)), x_label=say("次数", "degree"))
    plot.title(say(f"误差：旧 {error:.1f}，新 {new_error:.1f}", f"error: old {error:.1f}, new {new_error:.1f}"))
    fits = [_fitted(d) for d in range(15)]
    for errors, color in [([old for _, old, _ in fits], "green"), ([new for _, _, new in fits], "blue")]:
        plot.curve(range(15), errors, color=color)
        if errors[int(degree)] <= 24:
            second.circle(*plot.at(degree, errors[int(degree)]), 5, fill="paper", stroke=color, width=2.5)
    plot.label(5.4, 5.2, say("新读数", "new readings"), color="blue")
    plot.label(14, 0.8, say("这十五个", "these fifteen"), color="green", anchor="end", above=4)
    return [first, second]


@cache
def _losses(width: int) -> Array:
    """With careless labels, mean of three seeds: training loss, loss on others at the end, and the lowest on the way."""
    images, labels, _, _ = digits()
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        given = np.where(rng.random(1433) < 0.2, rng.integers(10, size=1433), labels)
        rows = rng.permutation(1433)
        learn, other = rows[:200], rows[1033:]
        model = Sequential(Linear(64, width, rng=rng), ReLU(), Linear(width, 10, rng=rng))
        history = fit(
            model,
            CrossEntropy(),
            Adam(model.parameters(), 0.01),
            MiniBatches(images[learn], given[learn], rng=rng),
            epochs=60,
            validation=[(images[other], given[other])],
        )
        seen = mean_loss(model, CrossEntropy(), [(images[learn], given[learn])])
        found.append([seen, history.validation_loss[-1], min(history.validation_loss)])
    return np.mean(found, axis=0)


def size(say: Say) -> Drawing:
    """The three losses against the number of hidden neurons."""
    exponents = range(8)
    losses = np.array([_losses(2**exponent) for exponent in exponents])
    drawing = Drawing(356, 260)
    plot = Plot(drawing, (0, 7), (0, 3), left=36, right=20, top=20)
    plot.axes(
        {exponent: str(2**exponent) for exponent in exponents},
        ticks((0, 1, 2, 3)),
        x_label=say("隐藏神经元", "hidden neurons"),
    )
    for column, color in zip(losses.T, ["green", "blue", "purple"], strict=True):
        plot.curve(exponents, column, color=color)
    plot.label(7, 2.5, say("别的图片，最后", "others, at the end"), color="blue", anchor="end")
    plot.label(7, 1.3, say("别的图片，最低", "others, lowest"), color="purple", anchor="end", above=4)
    plot.label(3.2, 0.22, say("训练集", "training set"), color="green", anchor="end")
    return drawing


def _careless(share: float) -> tuple[Array, Array, Array, Array, np.random.Generator]:
    """200 images to learn from and 200 for validation; `share` of all labels drawn at random."""
    images, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    given = np.where(rng.random(1433) < share, rng.integers(10, size=1433), labels)
    rows = rng.permutation(1433)
    learn, check = rows[:200], rows[1233:]
    return images[learn], given[learn], images[check], given[check], rng


@cache
def _history(share: float) -> History:
    images, labels, check_images, check_labels, rng = _careless(share)
    model = Sequential(Linear(64, 64, rng=rng), ReLU(), Linear(64, 10, rng=rng))
    batches = MiniBatches(images, labels, rng=rng)
    return fit(
        model,
        CrossEntropy(),
        Adam(model.parameters(), 0.01),
        batches,
        epochs=30,
        validation=[(check_images, check_labels)],
    )


def two_curves(say: Say) -> list[Drawing]:
    """Training and validation loss with right labels and with a fifth of them drawn at random, and the best epoch."""
    panels = []
    for share in [0, 0.2]:
        history = _history(share)
        drawing = Drawing(330, 260)
        plot = Plot(drawing, (0, 30), (0, 2.5), left=36, top=40)
        plot.axes(
            ticks(range(0, 31, 10)),
            ticks((0, 0.5, 1, 1.5, 2, 2.5)),
            x_label=say("轮次", "epoch"),
        )
        title = (
            say("五分之一的标签是随机的", "a fifth of the labels random") if share else say("标签都对", "right labels")
        )
        plot.title(title)
        for losses, color in [(history.training_loss, "green"), (history.validation_loss, "blue")]:
            plot.curve(range(1, 31), losses, color=color)
        best = history.best_epoch
        drawing.circle(*plot.at(best + 1, history.validation_loss[best]), 5, fill="paper", stroke="blue", width=2.5)
        plot.label(30, 1.75 if share else 0.8, say("验证损失", "validation loss"), color="blue", anchor="end")
        plot.label(30, 0.42 if share else 0.5, say("训练损失", "training loss"), color="green", anchor="end")
        panels.append(drawing)
    return panels
