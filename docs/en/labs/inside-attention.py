# %% [markdown]
# # Lab · Inside attention { #inside-attention }
#
# One head of the names model gives more than half of its weight to vowels. Another has no such habit: its weights are spread over nearly everything. Take both away, one at a time. Without the first, the loss hardly changes; without the second, it jumps. So what does a picture of attention weights tell us, when it doesn't tell which head matters?
#
# To find out, we begin where the right answer is known, with a task in which each place has to look at one certain other place. There we can check whether the pictures tell the truth. Then we go to the two models that come with the package, measure where their twenty heads look, and take them away in three different ways. [Multi-head attention](../transformer/multi-head-attention.md#how-many) has shown the beginning of this. Where the text makes one of its main claims about the numbers, an `assert` in the code holds it to that.
#
# Two cells of preparation: imports, and the words for plots and printed lines.

# %% folded="Imports, colors, a progress bar"
import sys
import warnings
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib_inline.backend_inline import set_matplotlib_formats
from tqdm import tqdm

from scratchml import (
    Adam, CrossEntropy, Embedding, LayerNorm, LearnedPositions, Linear, Module,
    TransformerBlock, causal_mask, idioms, names, next_token_loss, pretrained, softmax,
)

set_matplotlib_formats("svg")
plt.rcParams.update({"svg.fonttype": "none", "figure.constrained_layout.use": True})
plt.rcParams.update({"font.size": 11, "legend.frameon": False, "axes.axisbelow": True})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
warnings.filterwarnings("ignore", "Glyph")  # Chinese is for the browser to draw

blue, orange, green, gray = "#0b66a8", "#c2500a", "#0a7f5c", "#666a73"
weight_colors = LinearSegmentedColormap.from_list("weights", [blue + "00", blue], N=17)
bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
bar = partial(tqdm, file=sys.stdout, ncols=50, bar_format=bar_format)

# %% folded="The words for plots and printed lines"
words = {
    "untrained": "untrained",
    "reversing": "reversing",
    "copying": "copying",
    "head": "head",
    "correct": "correct (%)",
    "whole": "on the right, correct (%): whole, without head 1, without head 2",
    "seed": "seed",
    "scores": "scores",
    "self": "itself",
    "before": "before",
    "first": "first",
    "vowels": "vowels",
    "even": "evenly",
    "far": "far from even",
    "loss": "loss:",
    "same": "same scores as the model:",
    "rise": "rise of the loss",
    "zero": "zero",
    "mean": "mean",
    "gaze": "fixed gaze",
    "all": "all twelve",
    "letter": "rise at each letter:",
    "extra": "more than the two one by one",
    "correlation": "correlation of distance and rise:",
}

# %% [markdown]
# ## A task with a known answer { #reverse }
#
# The text has eight tokens, drawn from twenty. At place $i$ the model has to say which token stands at place $7 - i$: write the text backward. The token there can be known in one way only, by looking at it. (There is no mask, since each place may look both ways.) So the right attention is known: a table with 1 on the diagonal from the lower left to the upper right, and 0 elsewhere.
#
# The model is small: embedding and positions, one block with two heads, a normalization, a linear layer. It is trained on random texts. How well a head looks is its score, the mean weight that it gives to the right place. As a check we score two models whose heads have no reason to look there, one that isn't trained at all, and one that was trained to copy, to say at place $i$ which token stands at $i$.
#
# !!! question "Predict before you read on"
#     What is the score of an untrained head? And that of a head trained to copy: higher, lower, or the same?

# %% alt="Three heat maps of 8 by 8 cells, rows for the place that looks, columns for the place looked at. Untrained: a faint mottle. Reversing: a dark diagonal from the upper right to the lower left. Copying: a faint, uneven diagonal in the other direction."
class Reader(Module):
    takes_tokens = True

    def __init__(self, rng):
        self.embedding = Embedding(20, 32, rng=rng)
        self.positions = LearnedPositions(8, 32, rng=rng)
        self.block = TransformerBlock(32, 2, rng=rng)
        self.norm = LayerNorm(32)
        self.linear = Linear(32, 20, rng=rng)

    def _forward(self, tokens):
        x = self.positions(self.embedding(tokens))
        return self.linear(self.norm(self.block(x))), ()

    def _backward(self, gradient):
        gradient = self.norm.backward(self.linear.backward(gradient))
        self.embedding.backward(self.positions.backward(self.block.backward(gradient)))


def reverse(tokens):
    return tokens[:, ::-1].copy()


def copy(tokens):
    return tokens.copy()


def trained(task, steps, seed):
    rng = np.random.default_rng(seed)
    model = Reader(rng)
    optimizer, loss = Adam(model.parameters(), 0.003), CrossEntropy()
    for _ in range(steps):
        tokens = rng.integers(20, size=(32, 8))
        loss.forward(task(tokens), model(tokens))
        optimizer.zero_gradients()
        model.backward_to_parameters(loss.backward())
        optimizer.step()
    return model


def correct(model, task):
    return (model(test).argmax(axis=-1) == task(test)).mean()


test = np.random.default_rng(99).integers(20, size=(500, 8))
right = np.eye(8)[::-1]
figure, panels = plt.subplots(1, 3, figsize=(3.7, 1.6))
scores = {}
for axes, (name, task, steps) in zip(
    panels, [("untrained", reverse, 0), ("reversing", reverse, 300), ("copying", copy, 300)]
):
    model = trained(task, steps, seed=0)
    percent = 100 * correct(model, task)
    weights = model.block.attention.last_weights.mean(axis=0)  # (H, 8, 8)
    scores[name] = (weights * right).sum(axis=(1, 2)) / 8
    print(f"{words[name]}: {words['correct']} {percent:.0f}", words["scores"], scores[name].round(2))
    axes.pcolormesh(weights[scores[name].argmax()], cmap=weight_colors, vmin=0, vmax=1)
    axes.set(aspect="equal", ylim=(8, 0), xticks=[], yticks=[], title=words[name])
    axes.spines[:].set(visible=True, color=gray, linewidth=0.5)

assert abs(scores["untrained"].mean() - 1 / 8) < 0.05
assert scores["reversing"].max() > 0.9 and scores["copying"].max() < 0.2

# %% [markdown]
# Drawn is the better head of each model, averaged over 500 texts. Untrained heads score about ⅛, since each of the eight places gets about as much. The trained ones look where they should, and both do, though one would have been enough. The heads that copy score lower than untrained ones: what they look at, as far as they look at anything in particular, is their own place.
#
# ## Does the score find the head that matters? { #responsible }
#
# A head is taken away by setting its rows of $W_o$ to 0, as [before](../transformer/multi-head-attention.md#how-many). Let us do it with eight models that differ in their seeds only.
#
# !!! question "Predict before you read on"
#     Both heads look at the right place. How much of the text will come out right without the better one? And without the other?

# %%
found, rows = 0, []
for seed in bar(range(8)):
    model = trained(reverse, 300, seed)
    whole = correct(model, reverse)
    attention = model.block.attention
    score = (attention.last_weights * right).sum(axis=(2, 3)).mean(axis=0) / 8
    without = []
    kept = attention.W_o.value.copy()
    for head in range(2):
        attention.W_o.value = kept.copy()
        attention.W_o.value[16 * head:16 * head + 16] = 0
        without.append(correct(model, reverse))
    found += score.argmax() == np.argmin(without)
    rows.append([seed, score, 100 * np.array([whole, *without])])
    assert whole > 0.99 and score.max() > 0.85

print(words["whole"])
for seed, score, percents in rows:
    print(f"{words['seed']} {seed}  {words['scores']} {score.round(2)} ", *percents.round(0))

assert found >= 7

# %% [markdown]
# Here the picture tells the truth: the head with the higher score is the one that is missed more. But look at how differently it is missed. In some of the models the weaker head isn't missed at all, in others it doesn't matter much which of the two goes. If you had looked only at what happens without a head, you would have said of some heads that look exactly where they should that they do nothing. They do the same as another one.
#
# ## Where the heads of the names model look { #names }
#
# Now for a model whose right attention nobody knows. The names model has three blocks of four heads; head 2 of block 1 is called 1.2. For every validation name, from the third letter on, we add up the weight that each head gives to the letter that looks, to the one before, to the first character (the newline) and to vowels. The line in front shows what even weights would give. The last number says how far the weights are from even: how much of a head's weight would have to be moved.
#
# !!! question "Predict before you read on"
#     What will most of the twelve heads look at most, more than evenly? Will there be a head that looks at one thing only?

# %%
def habits(model, tokenizer, listed):
    heads = len(model.blocks) * 4
    shares, even, number = np.zeros((heads, 5)), np.zeros(4), 0
    for text in listed:
        model(tokenizer.encode("\n" + text))
        weights = np.concatenate([block.attention.last_weights for block in model.blocks])
        vowels = np.array([character in "aeiou" for character in "\n" + text])
        for t in range(3, len(text) + 1):
            row = weights[:, t, :t + 1]  # (heads, t + 1)
            seen = vowels[:t + 1]
            shares[:, :3] += row[:, [t, t - 1, 0]]
            shares[:, 3] += row[:, seen].sum(axis=1)
            shares[:, 4] += np.abs(row - 1 / (t + 1)).sum(axis=1) / 2
            even += [1 / (t + 1), 1 / (t + 1), 1 / (t + 1), seen.mean()]
            number += 1
    return 100 * shares / number, 100 * even / number


def name_of(head):
    return f"{head // 4 + 1}.{head % 4 + 1}"


namer, letters = pretrained("names")
shares, even = habits(namer, letters, names("validation"))
columns = [words[key] for key in ["self", "before", "first", "vowels", "far"]]
print("%  ", *[f"{name} {value:2.0f} " for name, value in zip(columns, even)], words["even"])
for head, row in enumerate(shares):
    cells = [f"{name} {value:2.0f} " for name, value in zip(columns, row)]
    print(name_of(head), *cells)

before, vowels = shares[:, 1], shares[:, 3]
assert name_of(vowels.argmax()) == "3.2" and vowels.max() > 1.5 * even[3]
assert (before > even[1]).sum() >= 9 and before.max() < 50

# %% [markdown]
# Habits, but no specialists. The clearest is 3.2, with well over half of its weight on vowels. Most heads look at the letter before more than evenly, 1.2 twice as much, but none spends half of its weight on it. Look at pictures as well: the mean weights over all names of six letters, for each of the twelve heads.

# %% alt="Twelve heat maps of 7 by 7 cells, three rows of four, with color on and below the diagonal. In some the cells just left of the diagonal are darkest, in some those two or three to the left, in some the first column. In 1.2 a line can be made out just left of the diagonal, paler in the others."
six = np.array([letters.encode("\n" + name) for name in names("train") if len(name) == 6])
namer(six)
figure, grid = plt.subplots(3, 4, figsize=(3.7, 3.2))
for head, axes in enumerate(grid.flat):
    weights = namer.blocks[head // 4].attention.last_weights[:, head % 4].mean(axis=0)
    axes.pcolormesh(weights, cmap=weight_colors, vmin=0, vmax=0.8)
    axes.set(aspect="equal", ylim=(7, 0), xticks=[], yticks=[])
    axes.set_title(name_of(head), fontsize=11)
    axes.spines[:].set(visible=True, color=gray, linewidth=0.5)

# %% [markdown]
# Rows are the places that look, columns those that are looked at, the newline first. What you see here is where a head looks *whatever the letters are*. Remember these pictures, we will use them once more.
#
# ## Three heads that look at nothing { #idioms }
#
# The idioms model has two blocks. The same measurement, without vowels; even weights would give 22.5% to each of the three:

# %%
idiomist, characters = pretrained("idioms")
order = np.random.default_rng(0).permutation(6000)
unread_idioms = [idioms()[i] for i in order[:600]]  # a tenth that it wasn't trained on
idiom_shares, idiom_even = habits(idiomist, characters, unread_idioms)
kinds = [0, 1, 2, 4]
names_of_kinds = [columns[kind] for kind in kinds]
for head, row in enumerate(idiom_shares):
    cells = [f"{name} {value:4.1f} " for name, value in zip(names_of_kinds, row[kinds])]
    print(name_of(head), *cells)

assert np.allclose(idiom_even[:3], 22.5, atol=0.1)
assert (idiom_shares[5:, 4] < 0.5).all() and (idiom_shares[:4, 4] > 5).all()

# %% [markdown]
# In 2.2, 2.3 and 2.4 the weights are even to within half a percent. They don't look at anything in particular; they average. This model was trained with [weight decay](../neural-networks/training.md#weight-decay), and a lot of it, 3 where the names model was given 1: a weight that the loss doesn't defend is shrunk a little at every step. The queries and keys of these heads have shrunk until all their scores were nearly 0, and [softmax makes equal weights of equal scores](../transformer/attention.md#failure). With neurons [the first lab](digits.py#weights) has met this before. Nothing in the loss gives it away.
#
# ## Take a head away, in three ways { #remove }
#
# To change a head we have to get at it. A block adds to the [residual stream](../transformer/residual-connections.md#stream), and what its attention adds is [a sum over the heads](../transformer/multi-head-attention.md#output-projection). So we write the model once more, as a sum of twelve heads and three feed-forward layers. For each head, `looks` are its weights and `writes` what it adds; both can be replaced.

# %%
def run(model, tokens, writes_instead={}, looks_instead={}, notes=None):
    x = model.positions(model.token_embedding(tokens))  # (B, T, C)
    mask = causal_mask(tokens.shape[1])
    for number, block in enumerate(model.blocks):
        attention = block.attention
        seen = block.attention_norm(x)
        attention(seen, mask)
        values = seen @ attention.W_v.value
        for h in range(4):
            own = slice(h * attention.head_dim, (h + 1) * attention.head_dim)
            head = 4 * number + h
            looks = looks_instead.get(head, attention.last_weights[:, h])  # (B, T, T)
            writes = looks @ values[:, :, own] @ attention.W_o.value[own]  # (B, T, C)
            if notes is not None:
                notes[head] = looks, writes
            x = x + writes_instead.get(head, writes)
        x = x + block.feed_forward(block.feed_forward_norm(x))
    return model.final_norm(x) @ model.unembedding.value.T


def as_rows(listed):
    rows = np.array([letters.encode(f"\n{name}".ljust(13, "\n")) for name in listed])
    real = np.arange(12) <= np.array([[len(name)] for name in listed])  # up to the newline
    return rows[:, :-1], rows[:, 1:], real


def surprise(logits):
    p = np.take_along_axis(softmax(logits), targets[:, :, None], axis=2)[:, :, 0]
    return -np.log(p)  # (names, 12)


def loss_of(logits):
    return surprise(logits)[real].mean()


inputs, targets, real = as_rows(names("validation"))
logits = run(namer, inputs)
whole = loss_of(logits)
print(words["same"], np.allclose(logits, namer(inputs), atol=1e-4), words["loss"], f"{whole:.3f}")

assert np.allclose(logits, namer(inputs), atol=1e-4)
texts = [letters.encode(f"\n{name}\n") for name in names("validation")]
assert abs(whole - next_token_loss(namer, texts)) < 1e-4

# %% [markdown]
# To take a part away and see what becomes of the rest is called ablation. We do it to each head in three ways. Zero: it writes nothing. Mean: it writes what it writes on average, over a thousand training names, at the same place; what depends on the letters is gone, and what it always says stays. Fixed gaze: it goes on reading and writing, but looks in every name as it does on average, as in the twelve pictures; only the freedom to look elsewhere for other letters is gone.
#
# !!! question "Predict before you read on"
#     In which block are the heads that matter? Which of the three ways will cost most, and which least? Where is 3.2, the friend of vowels?

# %% alt="For each of the twelve heads three dots over the rise of the loss. The four heads of block 1 lie far to the right with zero, between 0.14 and 0.26, nearly as far with the mean, and much further left, below 0.09, with a fixed gaze. The eight heads of blocks 2 and 3 all lie near zero, below 0.03."
learned_from, _, used = as_rows(names("train")[:1000])
notes = {}
run(namer, learned_from, notes=notes)
mean_writes, mean_looks = {}, {}
for head, (looks, writes) in notes.items():
    times = used.sum(axis=0)[:, None]
    mean_writes[head] = ((writes * used[:, :, None]).sum(axis=0) / times).astype(np.float32)
    mean_looks[head] = ((looks * used[:, :, None]).sum(axis=0) / times).astype(np.float32)


def rise(way, heads):
    if way == "gaze":
        changed = run(namer, inputs, looks_instead={head: mean_looks[head] for head in heads})
    elif way == "mean":
        changed = run(namer, inputs, {head: mean_writes[head] for head in heads})
    else:
        changed = run(namer, inputs, {head: np.float32(0) for head in heads})
    return loss_of(changed) - whole


ways = {"zero": gray, "mean": blue, "gaze": orange}
rises = {}
figure, axes = plt.subplots(figsize=(3.7, 3.4))
for way, color in ways.items():
    rises[way] = np.array([rise(way, [head]) for head in range(12)])
    axes.plot(rises[way], range(12), "o", color=color, label=words[way])
    first_four = [f"{name_of(head)} {rises[way][head]:.3f} " for head in range(4)]
    print(f"{words[way]}:", *first_four, words["all"], f"{rise(way, range(12)):.2f}")
axes.set(xlabel=words["rise"], ylabel=words["head"], ylim=(11.5, -0.5), xlim=(0, None))
axes.set_yticks(range(12), [name_of(head) for head in range(12)])
axes.legend(loc="lower right")
print(words["correlation"], f"{np.corrcoef(shares[:, 4], rises['zero'])[0, 1]:.2f}")

first_block = slice(0, 4)
assert rises["zero"][first_block].min() > 5 * rises["zero"][4:].max()
assert (rises["gaze"][first_block] < 0.6 * rises["zero"][first_block]).all()
assert rises["zero"][9] < 0.03 and rises["gaze"][1] < rises["zero"][1] / 6
assert np.corrcoef(shares[:, 4], rises["zero"])[0, 1] < 0.2

# %% [markdown]
# Printed are the four heads of block 1, and then all twelve at once. The heads that matter are those four. And 3.2, whose habit is the clearest of all, is hardly missed. Heads further from even looking aren't those that are missed more: the correlation, in the last line, isn't even positive.
#
# The orange dots are the strangest. Make a head of block 1 look the same way in every name, and only a part of the damage is done: for 1.2, an eighth. So most of what it contributes doesn't come from choosing *where* to look. It takes about the same from about the same places, and what matters is what it makes of it, with $W_v$ and $W_o$, which no heat map shows. Even with all twelve gazes fixed at once, the model is better than [bigrams](../transformer/language-models.md#loss), at 2.37. What it has lost is the attention that the chapters talk about, in which the words decide.
#
# ## Pairs, and a trap { #pairs }
#
# If two heads back each other up, as in the models that reverse, then losing both costs more than the sum of losing either. Measure that for all 66 pairs: how much more? And measure it in two ways, by zero and by mean.

# %% alt="Two triangles of 12 by 12 cells, a cell for each pair of heads. With zero, two strong orange cells, 1.1 with 1.3 and 1.1 with 2.2, and a few paler ones within block 1. With the mean only pale cells within block 1 are left, the darkest at 1.2 with 1.3."
extra = {"zero": np.zeros((12, 12)), "mean": np.zeros((12, 12))}
for one in bar(range(12)):
    for other in range(one):
        for way, table in extra.items():
            table[one, other] = rise(way, [one, other]) - rises[way][one] - rises[way][other]

heat = LinearSegmentedColormap.from_list("heat", [orange + "00", orange], N=17)
figure, panels = plt.subplots(1, 2, figsize=(3.7, 2.1))
for axes, (way, table) in zip(panels, extra.items()):
    axes.pcolormesh(table, cmap=heat, vmin=0, vmax=0.3)
    axes.set(aspect="equal", ylim=(12, 0), title=words[way])
    axes.set_xticks([0.5, 4.5, 8.5], ["1.1", "2.1", "3.1"])
    axes.set_yticks([0.5, 4.5, 8.5], ["1.1", "2.1", "3.1"])
    pairs = np.argsort(-table, axis=None)[:3]
    for one, other in zip(*np.unravel_index(pairs, table.shape)):
        pair = f"{name_of(other)}, {name_of(one)}"
        print(f"{words[way]}: {pair}: {table[one, other]:.2f} {words['extra']}")

assert extra["zero"][2, 0] > 0.3 and extra["zero"][5, 0] > 0.15
assert extra["mean"][2, 0] < 0.06 and extra["mean"][5, 0] < 0.06
assert extra["zero"][2, 1] > 0.08 and extra["mean"][2, 1] > 0.08

# %% [markdown]
# With zero, 1.1 and 1.3 look like the closest allies: without both, half a point more is lost than without either. There is even a tie across blocks, between 1.1 and 2.2, which by itself costs next to nothing. A fine story could be told about that. With the mean, both ties are gone. What happened? Ask at which letter of the name the loss rises:

# %%
def by_letter(way, heads):
    instead = mean_writes if way == "mean" else dict.fromkeys(heads, np.float32(0))
    changed = surprise(run(namer, inputs, {head: instead[head] for head in heads}))
    difference = np.where(real, changed - surprise(logits), 0).sum(axis=0) / real.sum()
    return difference[:6].round(2) + 0.0  # + 0.0 turns −0 into 0


for heads in [[0, 2], [1, 2]]:
    pair = ", ".join(map(name_of, heads))
    for way in ["zero", "mean"]:
        values = [f"{value:5.2f}" for value in by_letter(way, heads)]
        print(f"{pair}, {words[way]}, {words['letter']}", *values)

assert by_letter("zero", [0, 2])[0] > 0.25 and abs(by_letter("mean", [0, 2])[0]) < 0.01

# %% [markdown]
# At the very first letter. In front of it there is nothing but the newline, so every head has one place to look at, and writes the same in every name; the layers behind it have never seen anything else. Write zeros in its place, and they get a vector that doesn't occur, and go astray. That isn't what the two heads do for a name, it is what we have done to the model. The mean leaves the first letter exactly as it was. The tie between 1.2 and 1.3, on the other hand, is there in both ways, at all later letters: these two do back each other up.
#
# ## What a heat map is good for { #limits }
#
# Attention weights are exact: they say which values were mixed, in which shares, by one head at one place. In the task with a known answer that was enough to find the heads that did the work. But they aren't an explanation of what the model says, for three reasons that this page has measured.
#
# - They show where a head looks, and not what it takes from there and where that goes. A head with a clear habit can be nearly useless, and a head with none indispensable.
# - Another head may do the same. What happens without one of them is no measure of what it does.
# - Taking a head away is an experiment on a changed model, and the change itself can be what one sees.
#
# All of it was measured on two tiny models and one small task, so don't carry the numbers elsewhere. The method can be carried: guess, measure, compare with what even weights or an untrained model would give, intervene in more than one way.
#
# ## Summary { #summary }
#
# Where the right place is known, attention weights find the head that matters; in the names model they don't, since what a head writes counts for more than where it looks. Removing heads by zero invents ties between them that disappear when the mean is written instead. The number to remember is ⅛: of the damage that head 1.2 does when it goes, a fixed gaze does only so much.
#
# ## Explorations { #explorations }
#
# These have no solutions. Download the notebook, and change the cells.
#
# !!! example "1 Two looks at once"
#     Give the small model a task that one look can't solve: at place $i$, say the larger of the tokens at $7 - i$ and at $i - 1$. Do its two heads share the work? Score each against both right tables. What do four heads do?

# %%
def larger(tokens):
    return np.maximum(tokens[:, ::-1], np.roll(tokens, 1, axis=1))


print(test[0], larger(test[:1])[0])

# %% [markdown]
# !!! example "2 Somebody else's mean"
#     There is a third thing to write in place of a head: what it writes while reading *another* name. Shuffle the rows of its `writes` among the validation names, and measure the rise. Why is it larger than with the mean? Which of the two is fairer?

# %%
notes = {}
run(namer, inputs, notes=notes)
shuffled_writes = np.random.default_rng(0).permutation(notes[1][1])
print(name_of(1), f"{loss_of(run(namer, inputs, {1: shuffled_writes})) - whole:.3f}")

# %% [markdown]
# !!! example "3 Wake the sleepers"
#     Train the idioms model again with a weight decay of 0.3 instead of 3 (`scratchml/weights/train.py` shows how). Do the heads of block 2 look at something now? Is the validation loss better for it?

# %%
for head in range(4, 8):
    own = slice(10 * (head - 4), 10 * (head - 3))
    print(name_of(head), np.abs(idiomist.blocks[1].attention.W_q.value[:, own]).mean().round(4))

# %% [markdown]
# !!! example "4 What the friend of vowels does"
#     The habit of 3.2 is clear, and it is hardly missed. Find the names for which it matters most: compute `surprise` with and without it, letter by letter, and look at the largest differences. Do they have something in common that you could have guessed from its weights?

# %%
without = surprise(run(namer, inputs, {9: np.float32(0)}))
difference = np.where(real, without - surprise(logits), 0).max(axis=1)
print(*[names("validation")[i] for i in difference.argsort()[::-1][:10]])

# %% [markdown]
# ## Further reading { #references }
#
# - Sarthak Jain and Byron Wallace, [Attention is not Explanation](https://arxiv.org/abs/1902.10186) (2019), and the reply by Sarah Wiegreffe and Yuval Pinter, [Attention is not not Explanation](https://arxiv.org/abs/1908.04626) (2019). Read both, in this order.
# - Elena Voita, David Talbot, Fedor Moiseev, Rico Sennrich and Ivan Titov, [Analyzing Multi-Head Self-Attention](https://arxiv.org/abs/1905.09418) (2019). Heads with jobs in a translation model, found by measuring, and what is left when the others go.
# - Fred Zhang and Neel Nanda, [Towards Best Practices of Activation Patching in Language Models](https://arxiv.org/abs/2309.16042) (2023). What may be written in place of a part, and how the answer depends on it.
