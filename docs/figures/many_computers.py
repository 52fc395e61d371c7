"""Figures of the chapter: many computers."""

import json
import math

import numpy as np

from benchmarks.machines import RESULTS
from drawing import Array, Drawing, Plot, Say, number
from scratchml import pretrained
from sliders import Slider, sliders

RING = 8  # machines
STAGES, MOST_PARTS = 4, 16  # of the pipeline

#: Of one step on one machine: the seconds, and the numbers in its gradient.
CARD = 4e14  # operations in a second (Grattafiori et al., 2024)
LARGE = {"GPT-2": (124_439_808, 512 * 1024), "GPT-3": (175e9, 3.2e6)}  # parameters, tokens of a batch


def _ring(step: int) -> tuple[Array, list[tuple[int, int]]]:
    """How many machines' numbers are in each piece of each machine after so many steps, and what has just changed."""
    held = np.ones((RING, RING), int)
    changed: list[tuple[int, int]] = []
    for done in range(step):
        sent = [int(held[k, (k - done) % RING]) for k in range(RING)]
        changed = [((k + 1) % RING, (k - done) % RING) for k in range(RING)]
        for (machine, piece), count in zip(changed, sent, strict=True):
            held[machine, piece] = held[machine, piece] + count if done < RING - 1 else count
    return held, changed


@sliders(step=Slider("步数", "steps", range(2 * RING - 1)))
def ring(say: Say, step: float = 3) -> Drawing:
    """The ring all-reduce of eight machines: a row for each, a column for each piece of its vector."""
    held, changed = _ring(int(step))
    cell, left, top = 32.0, 84.0, 52.0
    drawing = Drawing(350, 358)
    drawing.title(say("每一段里有几台的数", "how many machines are in each piece"))
    for k in range(RING):
        drawing.note((left + (k + 0.5) * cell, top - 2), str(k), "above", gap=6, color="ink")
        drawing.note((left, top + (k + 0.5) * cell), say(f"机器 {k}", f"machine {k}"), "left", gap=8, color="ink")
        for piece in range(RING):
            count, x, y = int(held[k, piece]), left + piece * cell, top + k * cell
            drawing._add(
                "rect",
                x=x,
                y=y,
                width=cell,
                height=cell,
                fill="var(--figure-blue)",
                fill_opacity=f"{0.04 + 0.46 * (count - 1) / (RING - 1):.2f}",
                stroke="var(--figure-soft)",
                stroke_width="1",
            )
            drawing.text(x + cell / 2, y + cell / 2 + 5, str(count), bold=count == RING)
    for index in range(RING):
        machine, piece = changed[index] if changed else (index, 0)
        drawing.rectangle(
            left + piece * cell + 1.5,
            top + machine * cell + 1.5,
            cell - 3,
            cell - 3,
            stroke="orange" if changed else "none",
            line_width=2,
        )
    phase = say("开始", "start") if step == 0 else say("相加", "adding") if step < RING else say("替换", "replacing")
    sent = number(step / RING, ".3g")
    drawing.text(
        175, top + RING * cell + 26, say(f"{phase}，橙色框是刚到的一段", f"{phase}; framed: what has just arrived")
    )
    drawing.text(175, top + RING * cell + 46, say(f"每台已发出 {sent} 个向量", f"each has sent {sent} vectors"))
    return drawing


def messages(say: Say) -> Drawing:
    """The committed benchmark: an all-reduce of two processes of one machine, and the line of its latency and bandwidth."""
    results = json.loads(RESULTS.read_text("utf8"))
    sizes, times = np.array(results["bytes"]), np.array(results["microseconds"])
    latency = float(np.median(times[sizes <= 2048])) / 2
    long = sizes > 1e5
    bandwidth = float(np.median(sizes[long] / (times[long] - 2 * latency)))  # bytes in a microsecond
    drawing = Drawing(356, 344)
    plot = Plot(drawing, (0.5, 8), (0, 5), left=64, top=44, bottom=92)
    plot.title(say("一次全归约", "one all-reduce"))
    plot.axes(
        {1: "10", 3: "1 kB", 5: "100 kB", 7: "10 MB"},
        {0: "1 µs", 1: "10 µs", 2: "100 µs", 3: "1 ms", 4: "10 ms", 5: "100 ms"},
        x_label=say("向量的字节数", "bytes of the vector"),
    )
    xs = np.linspace(math.log10(sizes[0]), math.log10(sizes[-1]), 60)
    plot.curve(xs, np.log10(2 * latency + 10**xs / bandwidth), color="orange", dashed=True)
    for size, time in zip(sizes, times, strict=True):
        drawing.circle(*plot.at(math.log10(size), math.log10(time)), 4, fill="blue")
    plot.label(
        0.7,
        3.9,
        say(f"α = {latency:.1f} µs", f"α = {latency:.1f} µs"),
        color="orange",
    )
    plot.label(0.7, 3.4, f"R = {bandwidth / 1000:.1f} GB/s", color="orange")
    processor, _, system = results["machine"].partition(", ")
    for up, line in [(26, processor), (8, system)]:
        drawing.text(8, drawing.height - up, line, anchor="start", size=drawing.small, color="soft")
    return drawing


def _seconds(n: Array, compute: float, numbers: float, latency: float, bandwidth: float) -> Array:
    return compute / n + 2 * (n - 1) * (latency + 4 * numbers / n / bandwidth)


@sliders(
    gigabits=Slider("带宽（Gbit/s）", "bandwidth (Gbit/s)", [1, 4, 10, 40, 100, 400, 1600]),
    latency=Slider("延迟（微秒）", "latency (µs)", [1, 5, 25, 100, 250, 1000]),
)
def cost(say: Say, gigabits: float = 1, latency: float = 250) -> Drawing:
    """By which factor a step is faster than on one machine, from 1 to 1,000 machines, for three models."""
    model, _ = pretrained("names")
    ours = json.loads(RESULTS.read_text("utf8"))["milliseconds"] / 1000
    sides = [
        (say("人名 GPT", "names GPT"), "blue", ours, sum(p.value.size for p in model.parameters())),
        *(
            (name, color, 6 * numbers * tokens / CARD, numbers)
            for (name, (numbers, tokens)), color in zip(LARGE.items(), ("green", "orange"), strict=True)
        ),
    ]
    drawing = Drawing(356, 408)
    plot = Plot(drawing, (0, 3), (-2, 3), left=56, right=26, top=40, bottom=110)
    plot.title(say("比一台快几倍", "speed, compared with one machine"))
    plot.axes(
        {0: "1", 1: "10", 2: "100", 3: "1000"},
        {-2: "0.01", -1: "0.1", 0: "1", 1: "10", 2: "100", 3: "1000"},
        x_label=say("机器台数", "machines"),
    )
    n = np.unique(np.round(np.logspace(0, 3, 61))).astype(int)
    plot.curve([0, 3], [0, 3], color="soft", dashed=True, width=1.5)
    every = np.arange(1, 1001)
    for row, (name, color, compute, numbers) in enumerate(sides):
        setting = (compute, numbers, latency * 1e-6, gigabits * 1e9 / 8)
        plot.curve(np.log10(n), np.log10(compute / _seconds(n, *setting)), color=color)
        times = _seconds(every, *setting)
        best = int(every[times.argmin()])
        factor = number(compute / times.min(), ".3g")
        drawing.text(
            178,
            358 + 21 * row,
            say(f"{name}：{best} 台最快，{factor} 倍", f"{name}: fastest with {best}, {factor} times"),
            color=color,
            bold=True,
        )
    return drawing


def ways(say: Say) -> Drawing:
    """XW on two machines, cut in three ways; blue and orange are the machines, ink is what both have."""
    drawing = Drawing(356, 404)
    titles = [
        say("数据并行：切 X 的行", "data parallelism: rows of X"),
        say("张量并行：切 W 的列", "tensor parallelism: columns of W"),
        say("张量并行：切 W 的行，结果相加", "tensor parallelism: rows of W, then add"),
    ]
    for row, title in enumerate(titles):
        y = row * 136 + 78.0
        drawing.text(178, row * 136 + 18, title, bold=True)
        drawing.text(94, y + 5, "@", size=16)
        drawing.text(192, y + 5, "=", size=16)
        if row == 0:
            drawing.box((46, y - 21), "X₁", width=72, height=38, color="blue")
            drawing.box((46, y + 21), "X₂", width=72, height=38, color="orange")
            drawing.box((144, y), "W", width=72, height=80)
            drawing.box((252, y - 21), "X₁W", width=72, height=38, color="blue")
            drawing.box((252, y + 21), "X₂W", width=72, height=38, color="orange")
        elif row == 1:
            drawing.box((46, y), "X", width=72, height=80)
            drawing.box((124, y), "W₁", width=36, height=80, color="blue")
            drawing.box((164, y), "W₂", width=36, height=80, color="orange")
            drawing.box((234, y), "XW₁", width=48, height=80, color="blue")
            drawing.box((286, y), "XW₂", width=48, height=80, color="orange")
        else:
            drawing.box((26, y), "X₁", width=36, height=80, color="blue")
            drawing.box((66, y), "X₂", width=36, height=80, color="orange")
            drawing.box((144, y - 21), "W₁", width=72, height=38, color="blue")
            drawing.box((144, y + 21), "W₂", width=72, height=38, color="orange")
            drawing.box((238, y), "X₁W₁", width=60, height=80, color="blue")
            drawing.text(279, y + 5, "+", size=16)
            drawing.box((320, y), "X₂W₂", width=60, height=80, color="orange")
    return drawing


@sliders(parts=Slider("份数", "parts", range(1, MOST_PARTS + 1)))
def pipeline(say: Say, parts: float = 4) -> Drawing:
    """Four machines in a pipeline, forward only: time across, in units of what one machine needs for the whole batch."""
    drawing = Drawing(356, 236)
    m, left, unit, high = int(parts), 86.0, 66.0, 30.0
    drawing.title(say(f"{STAGES} 台机器，切成 {m} 份", f"{STAGES} machines, {m} {'part' if m == 1 else 'parts'}"))
    total = (m + STAGES - 1) / m
    for stage in range(STAGES):
        y = 36 + stage * (high + 6)
        drawing.note((left, y + high / 2), say(f"机器 {stage}", f"machine {stage}"), "left", color="ink")
        drawing.rectangle(left, y, total * unit, high, stroke="soft", line_width=1)
        for part in range(MOST_PARTS):
            shown = part < m
            drawing._add(
                "rect",
                x=left + (stage + part) / m * unit if shown else left,
                y=float(y),
                width=unit / m if shown else 0.0,
                height=float(high),
                fill=f"var(--figure-{'blue' if part % 2 == 0 else 'purple'})",
                fill_opacity="0.55",
            )
    bottom = 36 + STAGES * (high + 6)
    drawing.arrow((left, bottom + 6), (left + 4 * unit, bottom + 6), color="soft")
    drawing.note((left + 3.7 * unit, bottom + 6), say("时间", "time"), "below", gap=8)
    idle = number(100 * (STAGES - 1) / (m + STAGES - 1), ".0f")
    drawing.text(
        178,
        bottom + 44,
        say(
            f"空着 {STAGES - 1}/{m + STAGES - 1} = {idle}%",
            f"idle {STAGES - 1}/{m + STAGES - 1} = {idle}%",
        ),
    )
    return drawing
