"""The cover's figure."""

from drawing import Drawing, Say
from machine_learning import scores
from scratchml import digits


def reading(say: Say) -> list[Drawing]:
    """Test images in a row as they come, and under each what the network of the block above reads."""
    _, _, test_images, test_labels = digits()
    answers = scores().argmax(axis=1)
    first_mistake = (answers != test_labels).argmax()
    start = max(first_mistake - 13, 0)

    panels = []
    for half in range(2):
        drawing = Drawing(324, 156)
        for place in range(14):
            i = start + half * 14 + place
            x, y = 5 + place % 7 * 46, 4 + place // 7 * 78
            right = answers[i] == test_labels[i]
            drawing.pixels(x, y, 40, test_images[i].reshape(8, 8))
            if not right:
                drawing.rectangle(x - 4, y - 3, 48, 70, stroke="orange", line_width=2)
            drawing.text(x + 20, y + 60, str(answers[i]), size=16, bold=True, color="blue" if right else "orange")
        panels.append(drawing)
    return panels
