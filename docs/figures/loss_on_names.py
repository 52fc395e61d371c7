"""The loss on names of all models of part II so far, a chart that grows from chapter to chapter (benchmarks/names.py)."""

import json

from benchmarks.names import RESULTS
from drawing import Drawing, Plot, Say, number, ticks

MODELS = {
    "uniform": ("27 个字符都一样", "all equally likely"),
    "letter_frequencies": ("只看字母频率", "letter frequencies"),
    "bigram_counts": ("二元语法：数出来", "bigrams, counted"),
    "embedding_2": ("每个字符 2 个数", "2 numbers each"),
    "embedding_8": ("每个字符 8 个数", "8 numbers each"),
    "one_head": ("一个注意力头", "one head"),
    "four_heads": ("四个注意力头", "four heads"),
    "four_heads_for_longer": ("四个头，更久", "four heads, longer"),
    "one_block": ("一个块", "one block"),
    "two_blocks_windows": ("两个块：读窗口", "2 blocks, windows"),
    "two_blocks_rows": ("两个块：读行", "2 blocks, rows"),
    "shipped_gpt": ("附带的 GPT", "shipped GPT"),
}
BEST, WORST = 1.85, 3.4  # what the axis shows
ROW = 44


def losses_until(chapter: str, say: Say) -> Drawing:
    """A row for each model up to those of `chapter`, which are blue: its loss as a place, its parameters and seconds beside its name."""
    rows = json.loads(RESULTS.read_text("utf8"))["rows"]
    last = max(i for i, row in enumerate(rows) if row["chapter"] == chapter)
    rows = rows[: last + 1]
    drawing = Drawing(356, 40 + len(rows) * ROW + 48)
    drawing.title(say("没见过的名字上的损失", "loss on names not seen before"))
    plot = Plot(drawing, (BEST, WORST), (len(rows), 0), left=12, right=44, top=34, bottom=44)
    plot.axes(ticks([2, 2.5, 3]), {}, x_label=say("每个字符的平均损失", "loss for each character, on average"))
    for i, row in enumerate(rows):
        new = row["chapter"] == chapter
        x, y = plot.at(row["loss"], i + 0.72)
        drawing.text(12, y - 15, say(*MODELS[row["model"]]), anchor="start", bold=new)
        cost = say(
            f"{row['parameters']:,} 个参数，{number(row['seconds'], '.3g')} 秒",
            f"{row['parameters']:,} parameters, {number(row['seconds'], '.3g')} s",
        )
        drawing.text(344, y - 15, cost, anchor="end", size=drawing.small, color="soft")
        drawing.line([(12, y), (x, y)], color="blue" if new else "soft", width=3 if new else 1.5)
        drawing.circle(x, y, 5, fill="blue" if new else "soft")
        drawing.note((x, y), f"{row['loss']:.3f}", gap=9, color="ink", bold=new)
    return drawing
