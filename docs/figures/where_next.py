"""Figures of the page where-next."""

import json
from pathlib import Path

import benchmarks
from drawing import Drawing, Plot, Say, ticks

RESULTS = Path(benchmarks.__path__[0]) / "transformer.json"


def twins(say: Say) -> Drawing:
    """The validation loss of one GPT in scratchml and in PyTorch, from the same first weights (benchmarks/RESULTS.md)."""
    losses = json.loads(RESULTS.read_text("utf8"))["validation loss"]
    ours, theirs = losses["scratchml"], losses["PyTorch"]
    steps = [60 * (i + 1) for i in range(len(ours))]
    drawing = Drawing(356, 240)
    plot = Plot(drawing, (0, 640), (1.4, 3.4), left=44, right=14, top=34, bottom=46)
    plot.title(say("没训练过的文字上的损失", "loss on text not trained on"))
    plot.axes(ticks([0, 200, 400, 600]), ticks([1.5, 2, 2.5, 3]), x_label=say("步", "step"))
    plot.curve(steps, ours, color="blue")
    for step, loss in zip(steps, theirs, strict=True):
        drawing.circle(*plot.at(step, loss), 5, stroke="orange", width=2)
    plot.label(330, 2.95, say("线：scratchml", "line: scratchml"), color="blue", above=0)
    plot.label(330, 2.72, say("圈：PyTorch", "circles: PyTorch"), color="orange", above=0)
    plot.label(600, ours[-1], f"{ours[-1]:.4f}", color="blue", anchor="end", above=-18)
    return drawing
