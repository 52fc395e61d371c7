"""The cover's figure."""

from functools import cache

from drawing import Array, Drawing, Say
from scratchml import NeuralNetwork, digits, one_hot
from sliders import Slider, sliders

EPOCHS = range(15)
COLUMNS, ROWS = 7, 4


@cache
def _answers() -> list[Array]:
    """What the network of the cover's block reads in the test images, before it has learned anything and after each epoch."""
    train_images, train_labels, test_images, _ = digits()
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=0)
    answers = []
    for _ in EPOCHS:
        answers.append(network.predict(test_images).argmax(axis=1))
        network.train(
            train_images, one_hot(train_labels, 10), epochs=1, learning_rate=0.2, shuffle=True, report_every=0
        )
    return answers


@sliders(epochs=Slider("训练几轮", "rounds of training", EPOCHS))
def learning(say: Say, epochs: int = 2) -> Drawing:
    """Test images in a row as they come, under each what the network reads after some epochs, and how much of all it gets right."""
    _, _, images, labels = digits()
    answers = _answers()[int(epochs)]
    share = f"{(answers == labels).mean():.1%}"
    drawing = Drawing(324, 300)
    drawing.text(0, 14, say("没见过的图片，认对", "of images it never saw, it reads"), anchor="start", color="soft")
    drawing.text(324, 14, share, anchor="end", bold=True, color="blue")
    for place in range(COLUMNS * ROWS):
        x, y = 5 + place % COLUMNS * 46, 32 + place // COLUMNS * 68
        right = answers[place] == labels[place]
        drawing.pixels(x + 1, y + 1, 38, images[place].reshape(8, 8))
        if not right:
            drawing.rectangle(x - 2, y - 2, 44, 64, stroke="orange", line_width=2)
        drawing.text(x + 20, y + 57, str(answers[place]), size=16, bold=not right, color="ink" if right else "orange")
    return drawing
