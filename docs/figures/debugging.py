"""Figures of the chapter: debugging."""

from collections.abc import Callable
from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, ticks
from scratchml import (
    GELU,
    SGD,
    Adam,
    CrossEntropy,
    Linear,
    MiniBatches,
    ReLU,
    Sequential,
    Sigmoid,
    SquaredError,
    Tanh,
    digits,
    fit,
    mean_loss,
    one_hot,
)
from sliders import Slider, sliders

RATES = [
    0.001,
    0.002,
    0.003,
    0.005,
    0.007,
    0.01,
    0.02,
    0.03,
    0.05,
    0.07,
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    1,
    1.5,
    2,
    3,
    5,
    7,
    10,
]

Batch = tuple[Array, Array]


def _careless() -> tuple[Array, Array, Array, Array]:
    """200 images to learn from and 200 for validation; a fifth of all labels drawn at random."""
    images, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    given = np.where(rng.random(1433) < 0.2, rng.integers(10, size=1433), labels)
    rows = rng.permutation(1433)
    learn, check = rows[:200], rows[1233:]
    return images[learn], given[learn], images[check], given[check]


@cache
def _trained(rate: float) -> tuple[list[float], list[float], int]:
    """Training and validation loss before and after each of ten epochs of SGD, and how many of 32 neurons are dead."""
    images, labels, _, _ = digits()
    rows = np.random.default_rng(0).permutation(1433)
    learn, check = rows[:1147], rows[1147:]
    training, validation = (images[learn], labels[learn]), (images[check], labels[check])
    rng = np.random.default_rng(0)
    first, activation = Linear(64, 32, rng=rng), ReLU()
    model = Sequential(first, activation, Linear(32, 10, rng=rng, initialization="xavier"))
    before = [mean_loss(model, CrossEntropy(), [part]) for part in (training, validation)]
    history = fit(
        model,
        CrossEntropy(),
        SGD(model.parameters(), rate),
        MiniBatches(*training, rng=rng),
        epochs=10,
        validation=[validation],
    )
    hidden = activation.forward(first.forward(training[0]))
    dead = int((hidden == 0).all(axis=0).sum())
    return [before[0], *history.training_loss], [before[1], *history.validation_loss], dead


@sliders(rate=Slider("学习率", "learning rate", RATES))
def rates(say: Say, rate: float = 0.2) -> Drawing:
    """The loss over ten epochs at one rate, and the dead neurons at the end."""
    training, validation, dead = _trained(rate)
    drawing = Drawing(340, 240)
    plot = Plot(drawing, (0, 10), (0, 5), left=30, right=12, top=30, bottom=42)
    plot.axes(ticks(range(0, 11, 2)), ticks(range(6)), x_label=say("轮次", "epoch"))
    plot.title(
        say(f"损失 {training[-1]:.2f}，神经元死了 {dead} 个", f"loss {training[-1]:.2f}, dead neurons: {dead} of 32")
    )
    plot.curve([0, 10], [np.log(10)] * 2, color="soft", dashed=True, width=1)
    for losses, color in [(training, "green"), (validation, "blue")]:
        plot.curve(range(11), np.minimum(losses, 5), color=color, width=2)
    return drawing


@cache
def _accuracies(activation: str, loss: str, rate: float) -> list[float]:
    """On 286 validation images, after six epochs, for five seeds."""
    images, labels, _, _ = digits()
    rows = np.random.default_rng(0).permutation(1433)
    learn, check = rows[:1147], rows[1147:]
    targets = labels if loss == "cross-entropy" else one_hot(labels, 10)
    found = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        last = Linear(32, 10, rng=rng, initialization="xavier")
        layer = {"ReLU": ReLU, "GELU": GELU, "tanh": Tanh, "sigmoid": Sigmoid}[activation]()
        model = Sequential(Linear(64, 32, rng=rng), layer, last)
        fit(
            model,
            CrossEntropy() if loss == "cross-entropy" else SquaredError(),
            Adam(model.parameters(), rate),
            MiniBatches(images[learn], targets[learn], 64, rng=rng),
            epochs=6,
        )
        found.append((model.forward(images[check]).argmax(axis=1) == labels[check]).mean())
    return found


def comparison(say: Say) -> list[Drawing]:
    """Accuracy against the rate, for four activation functions and two losses: means, and a dot for each seed."""
    panels = []
    tried = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    for loss, title in [
        ("cross-entropy", say("交叉熵", "cross-entropy")),
        ("squared error", say("平方误差", "squared error")),
    ]:
        drawing = Drawing(330, 280)
        plot = Plot(drawing, (0, 5), (0.4, 1), left=46, top=40)
        plot.axes(
            {i: f"{rate:g}" for i, rate in enumerate(tried)},
            {tenth / 10: f"{tenth * 10}%" for tenth in range(4, 11, 2)},
            x_label=say("学习率", "learning rate"),
        )
        plot.title(title)
        for place, (activation, color) in enumerate(
            [("ReLU", "blue"), ("GELU", "purple"), ("tanh", "green"), ("sigmoid", "orange")]
        ):
            found = [_accuracies(activation, loss, rate) for rate in tried]
            plot.curve(range(6), np.mean(found, axis=1), color=color, width=1.5)
            for i, accuracies in enumerate(found):
                for accuracy in accuracies:
                    if accuracy >= 0.4:
                        drawing.circle(*plot.at(i, accuracy), 2, fill=color)
            if loss == "cross-entropy":
                plot.label(2.1, 0.5 + 0.07 * (3 - place), activation, color=color)
        panels.append(drawing)
    return panels


Run = tuple[list[float], list[float]]  # the losses in training and validation, before the first epoch and after each


@cache
def _runs() -> list[Run]:
    """A healthy training run, and seven with a fault."""
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
        _run(training, validation),
        _run(training, validation, rate=10),
        _run(training, validation, rate=0.001),
        _run(training, validation, prepare=large),
        _run(training, validation, prepare=dead),
        _run((images[learn], mixed_up), validation),
        _run(training, validation, batches=[(images[part], labels[part]) for part in ordered]),
        _run((few_images, few_labels), (few_unseen_images, few_unseen_labels), epochs=30),
    ]


def _run(
    training: Batch,
    validation: Batch,
    *,
    rate: float = 0.2,
    epochs: int = 10,
    prepare: Callable[[Sequential], None] | None = None,
    batches: list[Batch] | None = None,
) -> Run:
    rng = np.random.default_rng(0)
    model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng, initialization="xavier"))
    if prepare:
        prepare(model)
    first = [mean_loss(model, CrossEntropy(), [part]) for part in (training, validation)]
    history = fit(
        model,
        CrossEntropy(),
        SGD(model.parameters(), rate) if epochs == 10 else Adam(model.parameters(), 0.01),
        batches or MiniBatches(*training, rng=rng),
        epochs=epochs,
        validation=[validation],
    )
    return [first[0], *history.training_loss], [first[1], *history.validation_loss]


def symptoms(say: Say) -> list[Drawing]:
    """A healthy training run and seven with a fault: training loss green, validation loss blue."""
    titles = [
        say("正常", "healthy"),
        say("学习率太大", "rate too large"),
        say("学习率太小", "rate too small"),
        say("一开始权重太大", "weights start large"),
        say("ReLU 全死", "all ReLUs dead"),
        say("标签对不上图片", "labels mixed up"),
        say("按数字排好，没打乱", "sorted, not shuffled"),
        say("过拟合", "overfitting"),
    ]
    return [
        _symptom(title, *run, dashed="" if i else "ln 10")
        for i, (title, run) in enumerate(zip(titles, _runs(), strict=True))
    ]


def _symptom(title: str, training: list[float], validation: list[float], *, dashed: str) -> Drawing:
    last = len(training) - 1
    drawing = Drawing(150, 136)
    top = 5
    plot = Plot(drawing, (0, last), (0, top), left=16, right=4, top=28, bottom=10)
    drawing.text(75, 16, title, size=13, bold=True)
    drawing.line([(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)], color="soft", width=1)
    for value in (0, top):
        drawing.text(plot.left - 5, plot.at(0, value)[1] + 4, str(value), anchor="end", size=12, color="soft")
    plot.curve([0, last], [np.log(10)] * 2, color="soft", dashed=True, width=1)
    if dashed:
        drawing.text(plot.right, plot.at(0, np.log(10))[1] - 5, dashed, anchor="end", size=12, color="soft")
    for losses, color in [(training, "green"), (validation, "blue")]:
        plot.curve(range(last + 1), np.minimum(losses, top), color=color, width=2)
    return drawing
