"""Figures of the chapter: training a GPT."""

import json
import math
from functools import cache
from typing import Any

import numpy as np

from benchmarks.names import TOKENIZER, bigram_counts, texts
from benchmarks.training_a_gpt import BAD_STEP, BIN, EPOCHS, LIMIT, PEAKS, RESULTS, STEPS, WARMUP, surprises, table
from drawing import Drawing, Plot, Say, number, ticks
from loss_on_names import losses_until
from scratchml import GPT, Adam, CrossEntropy, GPTConfig, fit, names, pretrained, softmax, warmup_cosine
from sliders import Slider, sliders
from transformer_map import STATIONS, you_are_here


def here(say: Say) -> Drawing:
    return you_are_here(say, *STATIONS)


def losses(say: Say) -> Drawing:
    return losses_until("training-a-gpt", say)


@cache
def _measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf8"))
    return found


@cache
def _by_heart(count: int) -> list[float]:
    """The loss of so many names of five letters, each alone in its row, while a small GPT learns them by heart."""
    five = [name for name in names("train") if len(name) == 5]
    rng = np.random.default_rng(0)
    rows = np.array([TOKENIZER.encode(f"\n{five[i]}\n") for i in rng.permutation(len(five))[:count]])
    model = GPT(GPTConfig(TOKENIZER.vocab_size, 6, 32, 4, 2, tie_weights=True), rng=rng)
    batches = [(rows[:, :-1], rows[:, 1:])]
    return fit(model, CrossEntropy(), Adam(model.parameters(), 0.01), batches, epochs=201).training_loss


def one_batch(say: Say) -> Drawing:
    """The loss of 1, 4, 16 and 64 names while they are learned by heart, each with its floor."""
    drawing = Drawing(356, 290)
    plot = Plot(drawing, (0, 200), (0, 3.4), left=34, right=112, top=40)
    plot.title(say("一个批量，背下来", "one batch, by heart"))
    plot.axes(
        ticks([0, 50, 100, 150, 200]), ticks([0, 1, 2, 3]), x_label=say("步", "step"), y_label=say("损失", "loss")
    )
    for count, color in [(64, "purple"), (16, "green"), (4, "orange"), (1, "blue")]:
        floor = math.log(count) / 6
        plot.curve([0, 200], [floor, floor], color=color, dashed=True, width=1.5)
        plot.curve(range(201), _by_heart(count), color=color)
        drawing.note(plot.at(200, floor), f"N = {count}: {floor:.2f}", gap=6, color=color, bold=True)
    return drawing


@sliders(peak=Slider("学习率的峰值", "peak of the rate", PEAKS))
def schedule(say: Say, peak: float = 0.02) -> list[Drawing]:
    """The rate, the training loss along the way, and where three seeds end, with a warm-up and without."""
    measured = _measured()["warm-ups"]
    rate, loss, ends = (Drawing(226, 240) for _ in range(3))
    steps = ticks((0, 100, 300, 500))
    rates = Plot(rate, (0, STEPS), (0, 1.25), left=34, top=40)
    rates.title(say("学习率，最高为 1", "rate, peak as 1"))
    rates.axes(steps, ticks((0, 0.5, 1)), x_label=say("步", "step"))
    curves = Plot(loss, (0, STEPS), (1.1, 2), left=34, top=40)
    curves.title(say("训练损失", "training loss"))
    curves.axes(steps, ticks((1.2, 1.4, 1.6, 1.8, 2)), x_label=say("步", "step"))
    final = Plot(ends, (math.log(PEAKS[0]) - 0.2, math.log(PEAKS[-1]) + 0.2), (2, 3.05), left=34, top=40)
    ends.title(say("验证损失，3 个种子", "validation loss, 3 seeds"))
    final.axes(
        {math.log(v): number(v) for v in (0.001, 0.01, 0.1)},
        ticks((2, 2.2, 2.4, 2.6, 2.8, 3)),
        x_label=say("学习率的峰值", "peak of the rate"),
    )
    marked = math.log(peak)
    final.curve([marked, marked], [2, 2.72], color="soft", dashed=True, width=1.5)
    middles = np.arange(STEPS // BIN) * BIN + BIN / 2
    for warmup, color in [(0, "orange"), (WARMUP, "blue")]:
        shares = [warmup_cosine(step, peak=1, warmup_steps=warmup, total_steps=STEPS) for step in range(STEPS)]
        rates.curve(range(STEPS), shares, color=color)
        found = measured[str(warmup)]
        curves.curve(middles, found["curves"][str(peak)], color=color)
        seeds = np.array([found["validation"][str(p)] for p in PEAKS])
        for p, values in zip(PEAKS, seeds, strict=True):
            for value in values:
                if value < 3.05:
                    ends_at = final.at(math.log(p), value)
                    ends.circle(*ends_at, 5 if p == peak else 2.5, fill=color)
        final.curve(np.log(PEAKS), seeds.mean(axis=1), color=color, width=1.2)
        mean = seeds[PEAKS.index(peak)].mean()
        above = 0 if warmup else 20
        name = say("有预热", "warm-up") if warmup else say("没有预热", "none")
        final.label(math.log(0.0006), 2.84, f"{name} {mean:.2f}", color=color, above=above)
    rates.label(490, 1.1, say("有预热", "warm-up"), color="blue", anchor="end", above=-2)
    rates.label(20, 1.1, say("没有预热", "none"), color="orange", above=-2)
    return [rate, loss, ends]


def clipping(say: Say) -> list[Drawing]:
    """The length of the gradient at each step, and the loss around a bad batch, with clipping and without."""
    measured = _measured()["clipping"]
    norms = np.array(measured["with"]["norms"])
    left, right = Drawing(344, 280), Drawing(344, 280)
    lengths = Plot(left, (0, STEPS), (math.log(0.1), math.log(20)), left=44, top=40)
    lengths.title(say("梯度有多长", "length of the gradient"))
    lengths.axes(
        ticks((0, 100, 200, 300, 400, 500)),
        {math.log(v): number(v) for v in (0.1, 0.3, 1, 3, 10)},
        x_label=say("步", "step"),
    )
    lengths.curve(range(STEPS), np.log(norms), color="blue", width=1)
    lengths.curve([0, STEPS], [math.log(LIMIT)] * 2, color="orange", dashed=True)
    longer = int((norms > LIMIT).sum())
    lengths.label(
        490,
        math.log(2.2),
        say(f"{STEPS} 步里超过 1 的：{longer}", f"above 1: {longer} of {STEPS}"),
        color="orange",
        anchor="end",
        above=0,
    )
    bad = math.log(norms[BAD_STEP])
    lengths.label(BAD_STEP + 8, bad, f"z {number(norms[BAD_STEP], '.1f')}", color="ink", above=-4)
    around = range(BAD_STEP - 20, BAD_STEP + 41)
    after = Plot(right, (around[0], around[-1]), (1.05, 1.5), left=44, top=40)
    after.title(say("坏批量前后的训练损失", "training loss around the bad batch"))
    after.axes(ticks((280, 300, 320, 340)), ticks((1.1, 1.2, 1.3, 1.4)), x_label=say("步", "step"))
    means: list[str] = []
    for name, color in [("without", "orange"), ("with", "blue")]:
        values = measured[name]["losses"]
        for part in (range(around[0], BAD_STEP), range(BAD_STEP + 1, around[-1] + 1)):
            after.curve(part, [values[step] for step in part], color=color)
        mean = f"{np.mean(values[BAD_STEP + 1 : BAD_STEP + 21]):.2f}"
        means.append(mean)
    after.label(
        338,
        1.43,
        say("不裁剪，其后 20 步 ", "not clipped, next 20: ") + means[0],
        color="orange",
        anchor="end",
        above=0,
    )
    after.label(
        338, 1.08, say("裁剪，其后 20 步 ", "clipped, next 20: ") + means[1], color="blue", anchor="end", above=0
    )
    return [left, right]


def validation(say: Say) -> list[Drawing]:
    """The shipped model's training and validation loss after each epoch, without weight decay and with it."""
    measured = _measured()["decays"]
    panels = []
    floor = math.log(len(names("train"))) / float(np.mean([len(name) + 1 for name in names("train")]))
    for decay, title in [("0.0", ("没有权重衰减", "no weight decay")), ("1.0", ("权重衰减 1", "weight decay 1"))]:
        drawing = Drawing(344, 290)
        plot = Plot(drawing, (0, EPOCHS), (1.1, 2.4), left=40, top=40)
        plot.title(say(*title))
        plot.axes(ticks((1, 6, 12, 18, 24)), ticks((1.2, 1.6, 2, 2.4)), x_label=say("轮次", "epoch"))
        plot.curve([0, EPOCHS], [floor, floor], color="soft", dashed=True, width=1.5)
        plot.label(1, floor, say("训练损失的下限 ", "floor, training ") + f"{floor:.2f}", color="soft", above=6)
        epochs = range(1, EPOCHS + 1)
        train, valid = measured[decay]["training"], measured[decay]["validation"]
        plot.curve(epochs, train, color="green")
        plot.curve(epochs, valid, color="blue")
        best = int(np.argmin(valid))
        drawing.circle(*plot.at(best + 1, valid[best]), 6, stroke="blue", width=2)
        plot.label(best + 1, valid[best], f"{valid[best]:.2f}", color="blue", anchor="middle", above=-22)
        plot.label(
            23.6, valid[-1], say("验证 ", "validation ") + f"{valid[-1]:.2f}", color="blue", anchor="end", above=12
        )
        plot.label(
            23.6, train[-1], say("训练", "training") + f" {train[-1]:.2f}", color="green", anchor="end", above=-24
        )
        panels.append(drawing)
    return panels


@cache
def _by_position() -> tuple[list[float], list[float], list[int]]:
    """The validation loss of each question of a name, of bigrams and of the shipped model, and how many there are."""
    model, _ = pretrained("names")
    of_gpt = surprises(model, *table("validation"))
    bigrams = bigram_counts().model
    of_bigrams = np.full_like(of_gpt, np.nan)
    for row, tokens in zip(of_bigrams, texts("validation"), strict=True):
        p = softmax(bigrams(np.array(tokens[:-1])))
        row[: len(tokens) - 1] = -np.log(p[np.arange(len(tokens) - 1), tokens[1:]])
    counts = (~np.isnan(of_gpt)).sum(axis=0)
    shown = np.flatnonzero(counts >= 20)
    means = [np.nanmean(each[:, shown], axis=0).tolist() for each in (of_bigrams, of_gpt)]
    return means[0], means[1], counts[shown].tolist()


def positions(say: Say) -> Drawing:
    """How much the first, second, … character of a new name costs, bigrams and GPT."""
    of_bigrams, of_gpt, _ = _by_position()
    drawing = Drawing(356, 300)
    plot = Plot(drawing, (0.4, len(of_gpt) + 0.6), (0, 3.3), left=40, top=40)
    plot.title(say("名字的第几个字符，损失多少", "loss by the place in the name"))
    plot.axes(ticks(range(1, len(of_gpt) + 1)), ticks((0, 1, 2, 3)), x_label=say("第几个字符", "character of the name"))
    for i, (bigram, gpt) in enumerate(zip(of_bigrams, of_gpt, strict=True)):
        plot.bar(i + 0.82, bigram, width=0.34, color="soft")
        plot.bar(i + 1.18, gpt, width=0.34, color="blue")
    plot.label(len(of_gpt) + 0.5, 3.1, say("二元语法", "bigrams"), color="soft", anchor="end", above=0)
    plot.label(len(of_gpt) + 0.5, 2.72, "GPT", color="blue", anchor="end", above=0)
    return drawing
