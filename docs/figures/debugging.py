"""Figures of the chapter: debugging."""

from collections.abc import Callable

import numpy as np

from drawing import Array, Drawing, Plot, Say
from scratchml import SGD, Adam, CrossEntropy, Linear, MiniBatches, ReLU, Sequential, digits, fit, mean_loss

Batch = tuple[Array, Array]


def _careless() -> tuple[Array, Array, Array, Array]:
    """200 images to learn from and 200 for validation; a fifth of all labels drawn at random."""
    images, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    given = np.where(rng.random(1433) < 0.2, rng.integers(10, size=1433), labels)
    rows = rng.permutation(1433)
    learn, check = rows[:200], rows[1233:]
    return images[learn], given[learn], images[check], given[check]


def symptoms(say: Say) -> list[Drawing]:
    """A healthy training run and seven with a fault: training loss green, validation loss blue."""
    images, labels, _, _ = digits()
    rows = np.random.default_rng(0).permutation(1433)
    learn, check = rows[:1147], rows[1147:]
    ordered = np.array_split(learn[np.argsort(labels[learn], kind="stable")], 36)
    mixed_up = np.random.default_rng(1).permutation(labels[learn])
    training, validation = (images[learn], labels[learn]), (images[check], labels[check])
    few_images, few_labels, few_unseen_images, few_unseen_labels = _careless()

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
