"""Figures of the chapter: machine learning."""

from functools import cache

import numpy as np

from drawing import Array, Drawing, Plot, Say, ticks
from scratchml import NeuralNetwork, digits, one_hot


def examples(say: Say) -> Drawing:
    """An image of each digit among the training images, with its label."""
    images, labels, _, _ = digits()
    drawing = Drawing(330, 172)
    for digit in range(10):
        x, y = 6 + digit % 5 * 66, 4 + digit // 5 * 86
        drawing.pixels(x, y, 54, images[np.flatnonzero(labels == digit)[1]].reshape(8, 8))
        drawing.text(x + 27, y + 73, str(digit), size=15, bold=True)
    return drawing


@cache
def _accuracies(seed: int) -> tuple[list[float], list[float]]:
    """The accuracy of a network on training and on test images, before training and after each of ten epochs."""
    train_images, train_labels, test_images, test_labels = digits()
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=seed)
    seen, unseen = [], []
    for epoch in range(11):
        if epoch:
            network.train(
                train_images, one_hot(train_labels, 10), epochs=1, learning_rate=0.2, shuffle=True, report_every=0
            )
        seen.append((network.predict(train_images).argmax(axis=1) == train_labels).mean())
        unseen.append((network.predict(test_images).argmax(axis=1) == test_labels).mean())
    return seen, unseen


def seen_and_unseen(say: Say) -> Drawing:
    """Accuracy after each epoch on training and test images, with four other seeds, beside the lookup table's."""
    always_zero = (digits().test_labels == 0).mean()

    drawing = Drawing(356, 280)
    plot = Plot(drawing, (0, 10), (0, 1), top=26)
    plot.axes(
        ticks(range(0, 11, 2)),
        {tenth / 10: f"{tenth * 10}%" for tenth in range(0, 11, 2)},
        x_label=say("轮次", "epoch"),
        y_label=say("准确率", "accuracy"),
    )
    plot.curve([0, 10], [1, 1], color="orange", dashed=True)
    plot.curve([0, 10], [always_zero, always_zero], color="orange", dashed=True)
    plot.label(10, 1, say("查表，训练集", "table, training set"), color="orange", anchor="end")
    plot.label(10, always_zero, say("查表，测试集", "table, test set"), color="orange", anchor="end")
    for seed in [1, 2, 3, 4, 0]:
        for accuracies, color in zip(_accuracies(seed), ["green", "blue"], strict=True):
            plot.curve(range(11), accuracies, color=color, width=0.75 if seed else 2.5)
    plot.label(4.2, 0.68, say("网络，训练集", "network, training set"), color="green")
    plot.label(4.2, 0.6, say("网络，测试集", "network, test set"), color="blue")
    return drawing


def fields(say: Say) -> Drawing:
    """Deep learning within machine learning within artificial intelligence, with an example of each."""
    drawing = Drawing(340, 216)
    for row, (name, example, color) in enumerate(
        [
            (say("人工智能", "artificial intelligence"), say("按规则下棋的程序", "chess by rules"), "soft"),
            (say("机器学习", "machine learning"), say("从样本学认垃圾邮件", "a spam filter from samples"), "blue"),
            (say("深度学习", "deep learning"), "GPT", "orange"),
        ]
    ):
        x, y = 4 + 26 * row, 4 + 62 * row
        drawing.rectangle(x, y, 332 - 52 * row, 208 - 74 * row, stroke=color, line_width=2)
        drawing.text(x + 14, y + 24, name, anchor="start", bold=True)
        drawing.text(x + 14, y + 46, example, anchor="start", size=drawing.small, color="soft")
    return drawing


@cache
def _scores() -> Array:
    """Of a trained network for the test images: (images, 10)."""
    train_images, train_labels, test_images, _ = digits()
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=0)
    network.train(train_images, one_hot(train_labels, 10), epochs=10, learning_rate=0.2, shuffle=True, report_every=0)
    return network.predict(test_images)


def opinions(say: Say) -> list[Drawing]:
    """Two test images that the network reads correctly and one that it doesn't, with its ten scores for each."""
    _, _, test_images, test_labels = digits()
    outputs = _scores()
    right = outputs.argmax(axis=1) == test_labels
    # Of the mistakes, one in which the right digit came close.
    own = outputs[np.arange(len(outputs)), test_labels]
    mistake = np.flatnonzero(~right)[np.argmax(own[~right])]
    return [
        _opinion(say, test_images[i], test_labels[i], outputs[i]) for i in [*np.flatnonzero(right)[[3, 25]], mistake]
    ]


def _opinion(say: Say, image: Array, label: int, scores: Array) -> Drawing:
    drawing = Drawing(200, 220)
    drawing.pixels(60, 4, 80, image.reshape(8, 8))
    drawing.text(100, 106, say(f"标签 {label}", f"label {label}"), bold=True)
    baseline, unit = 196, 66  # a score of 1 is 66 pixels high
    for digit, score in enumerate(scores):
        color = "blue" if digit == scores.argmax() else "orange" if digit == label else "soft"
        x = 5 + digit * 19
        drawing.rectangle(x, baseline - max(score, 0) * unit, 15, abs(score) * unit, fill=color)
        drawing.text(x + 7.5, 216, str(digit), size=13, color=color, bold=color != "soft")
    drawing.line([(2, baseline), (198, baseline)], color="soft", width=1)
    return drawing
