"""Figures of the chapter: generalization."""

from collections.abc import Callable
from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, ticks
from scratchml import SGD, Adam, CrossEntropy, Linear, MiniBatches, ReLU, Sequential, digits, fit, mean_loss

Batch = tuple[Array, Array]


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


def _careless(share: float) -> tuple[Array, Array, Array, Array, np.random.Generator]:
    """200 images to learn from and 200 for validation; `share` of all labels drawn at random."""
    images, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    given = np.where(rng.random(1433) < share, rng.integers(10, size=1433), labels)
    rows = rng.permutation(1433)
    learn, check = rows[:200], rows[1233:]
    return images[learn], given[learn], images[check], given[check], rng


def two_curves(say: Say) -> list[Drawing]:
    """Training and validation loss with right labels and with a fifth of them drawn at random, and the best epoch."""
    panels = []
    for share in [0, 0.2]:
        images, labels, check_images, check_labels, rng = _careless(share)
        model = Sequential(Linear(64, 64, rng=rng), ReLU(), Linear(64, 10, rng=rng))
        batches = MiniBatches(images, labels, rng=rng)
        history = fit(
            model,
            CrossEntropy(),
            Adam(model.parameters(), 0.01),
            batches,
            epochs=30,
            validation=[(check_images, check_labels)],
        )
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


def symptoms(say: Say) -> list[Drawing]:
    """A healthy training run and seven with a fault: training loss green, validation loss blue."""
    images, labels, _, _ = digits()
    rows = np.random.default_rng(0).permutation(1433)
    learn, check = rows[:1147], rows[1147:]
    ordered = np.array_split(learn[np.argsort(labels[learn], kind="stable")], 36)
    mixed_up = np.random.default_rng(1).permutation(labels[learn])
    training, validation = (images[learn], labels[learn]), (images[check], labels[check])
    few_images, few_labels, few_unseen_images, few_unseen_labels, _ = _careless(0.2)

    def dead(model: Sequential) -> None:
        _, first_biases, *_ = model.parameters()
        first_biases.value = -20.0

    def large(model: Sequential) -> None:
        for parameter in model.parameters():
            parameter.value *= 5

    return [
        _symptom(say("正常", "healthy"), training, validation, dashed="ln 10"),
        _symptom(say("学习率太大", "rate too large"), training, validation, rate=10),
        _symptom(say("学习率太小", "rate too small"), training, validation, rate=0.001),
        _symptom(say("一开始权重太大", "weights start large"), training, validation, prepare=large),
        _symptom(say("ReLU 全死", "all ReLUs dead"), training, validation, prepare=dead),
        _symptom(say("标签对不上图片", "labels mixed up"), (images[learn], mixed_up), validation),
        _symptom(
            say("按数字排好，没打乱", "sorted, not shuffled"),
            training,
            validation,
            batches=[(images[part], labels[part]) for part in ordered],
        ),
        _symptom(
            say("过拟合", "overfitting"), (few_images, few_labels), (few_unseen_images, few_unseen_labels), epochs=30
        ),
    ]


def _symptom(
    title: str,
    training: Batch,
    validation: Batch,
    *,
    rate: float = 0.2,
    epochs: int = 10,
    prepare: Callable[[Sequential], None] | None = None,
    batches: list[Batch] | None = None,
    dashed: str = "",
) -> Drawing:
    rng = np.random.default_rng(0)
    model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng, initialization="xavier"))
    if prepare:
        prepare(model)
    first = [mean_loss(model, CrossEntropy(), [part]) for part in (training, validation)]
    optimizer = SGD(model.parameters(), rate) if epochs == 10 else Adam(model.parameters(), 0.01)
    history = fit(
        model,
        CrossEntropy(),
        optimizer,
        batches or MiniBatches(*training, rng=rng),
        epochs=epochs,
        validation=[validation],
    )

    drawing = Drawing(150, 136)
    top = 5
    plot = Plot(drawing, (0, epochs), (0, top), left=16, right=4, top=28, bottom=10)
    drawing.text(75, 16, title, size=13, bold=True)
    drawing.line([(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)], color="soft", width=1)
    for value in (0, top):
        drawing.text(plot.left - 5, plot.at(0, value)[1] + 4, str(value), anchor="end", size=12, color="soft")
    plot.curve([0, epochs], [np.log(10)] * 2, color="soft", dashed=True, width=1)
    if dashed:
        drawing.text(plot.right, plot.at(0, np.log(10))[1] - 5, dashed, anchor="end", size=12, color="soft")
    for before, after, color in [
        (first[0], history.training_loss, "green"),
        (first[1], history.validation_loss, "blue"),
    ]:
        plot.curve(range(epochs + 1), np.minimum([before, *after], top), color=color, width=2)
    return drawing
