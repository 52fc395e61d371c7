# %% [markdown]
# # 实验 · 注意力在看什么 { #inside-attention }
#
# 人名模型里有一个头，一半以上的权重给了元音。另一个头没有这样的偏好，权重差不多平摊给各处。两个头分别拿走试试：拿走前一个，损失几乎不变；拿走后一个，损失猛升。注意力权重的图，连哪个头要紧都看不出来，那么它到底告诉了我们什么？
#
# 要弄明白，先从答案已知的地方开始：有一个任务，每个位置必须看某一个别的位置，图画得对不对，可以检验。然后再看包里带的两个模型，量一量二十个头各在看哪里，再用三种办法把它们一个个拿走。[《多头注意力》](../transformer/multi-head-attention.md#how-many)已经开了个头。正文里对数字下的主要断言，代码里都有一行 `assert` 守着。
#
# 先做两项准备：导入要用的东西，再把画图和打印要用的词放在一处。

# %% folded="导入、颜色和进度条"
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
warnings.filterwarnings("ignore", "Glyph")  # 汉字由浏览器来画

blue, orange, green, gray = "#0b66a8", "#c2500a", "#0a7f5c", "#666a73"
weight_colors = LinearSegmentedColormap.from_list("weights", [blue + "00", blue], N=17)
bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
bar = partial(tqdm, file=sys.stdout, ncols=50, bar_format=bar_format)

# %% folded="画图和打印用的词"
words = {
    "untrained": "没训练过",
    "reversing": "倒着写",
    "copying": "照抄",
    "head": "头",
    "correct": "对的（%）",
    "whole": "右边是写对的（%）：完整，没有头 1，没有头 2",
    "seed": "种子",
    "scores": "得分",
    "self": "自己",
    "before": "前一个",
    "first": "开头",
    "vowels": "元音",
    "even": "平均分",
    "far": "离平均分",
    "loss": "损失：",
    "same": "和模型的分数相同：",
    "rise": "损失上升",
    "zero": "零",
    "mean": "平均",
    "gaze": "固定视线",
    "all": "十二个一起",
    "letter": "各个字母上升：",
    "extra": "比分别拿走多升的",
    "correlation": "离平均分和损失上升的相关系数：",
}

# %% [markdown]
# ## 答案已知的任务 { #reverse }
#
# 文字有八个词元，从二十个里随机抽。模型在位置 $i$ 要说出位置 $7 - i$ 上是哪个词元，也就是把文字倒过来写。那里是什么，只有看一眼才知道。（不加掩码，每个位置前后都能看。）所以正确的注意力是已知的：一张表，从左下到右上的对角线上是 1，其余是 0。
#
# 模型很小：嵌入加位置，一个块两个头，一个归一化，一个线性层，用随机的文字训练。一个头看得对不对，用得分来衡量，就是它给正确位置的平均权重。还要有对照，拿两个没有理由往那里看的模型来打分：一个没有训练过；一个学的是照抄，在位置 $i$ 说出位置 $i$ 上的词元。
#
# !!! question "先猜，再往下看"
#     没有训练过的头，得分是多少？学照抄的头呢，更高、更低，还是一样？

# %% alt="三张 8 × 8 的热图，行是正在看的位置，列是被看的位置。没训练过的：淡淡的一片斑驳。倒着写的：从右上到左下，一条深色的对角线。照抄的：另一个方向上，一条又淡又不匀的对角线。"
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
# 画出来的是每个模型得分高的那个头，500 段文字的平均。没有训练过的头得分在 ⅛ 上下，因为八个位置分到的差不多一样多。训练过的两个头都看着该看的地方，其实有一个就够了。学照抄的头，得分比没训练过的还低：它们要是专门看着什么，那就是自己的位置。
#
# ## 得分高的头，就是要紧的头吗 { #responsible }
#
# [和以前一样](../transformer/multi-head-attention.md#how-many)，把 $W_o$ 里属于一个头的行换成 0，就拿走了这个头。拿八个只有种子不同的模型来试。
#
# !!! question "先猜，再往下看"
#     两个头看的都对。拿走得分高的那个，还能写对百分之几？拿走另一个呢？

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
# 在这里，图说的是实话：少不得的，就是得分高的那个头。不过看看少不得到什么程度。有的模型，得分低的头拿走了毫无影响；有的模型，拿走哪一个都差不多。要是只看拿走以后怎样，有几个头明明看得一点不错，也会被说成什么都没干。它们干的活，另一个头也在干。
#
# ## 人名模型的头看哪里 { #names }
#
# 现在换一个谁也不知道正确答案的模型。人名模型有三个块，每块四个头，第 1 个块的第 2 个头记作 1.2。对每个验证用的名字，从第三个字母起，把每个头给自己、给前一个字母、给开头的换行符、给元音的权重分别加起来。第一行是平均分时的份额。最后一个数是离平均分有多远：要挪动多少权重，才能摊平。
#
# !!! question "先猜，再往下看"
#     十二个头里，多数最爱看什么，比平均分还多？有没有一个头，只看一样东西？

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
# 偏好是有的，专家却没有。最明显的是 3.2，一半以上的权重给了元音。多数头看前一个字母比平均分多，1.2 多一倍，但没有一个把一半的权重给它。再看看图：所有六个字母的名字，权重取平均，十二个头一个一张。

# %% alt="十二张 7 × 7 的热图，三行四列，颜色都在对角线及以下。有的是对角线左边一格最深，有的是左边两三格，有的是第一列。1.2 看得出对角线左边有一条线，别的图里淡一些。"
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
# 行是正在看的位置，列是被看的位置，第一列是换行符。这些图画的是，*不管是什么字母*，一个头往哪里看。记住这几张图，后面还要用一次。
#
# ## 三个什么也不看的头 { #idioms }
#
# 成语模型有两个块。同样量一遍，元音不算；平均分的话，三样各是 22.5%：

# %%
idiomist, characters = pretrained("idioms")
order = np.random.default_rng(0).permutation(6000)
unread_idioms = [idioms()[i] for i in order[:600]]  # 没有用来训练的一成
idiom_shares, idiom_even = habits(idiomist, characters, unread_idioms)
kinds = [0, 1, 2, 4]
names_of_kinds = [columns[kind] for kind in kinds]
for head, row in enumerate(idiom_shares):
    cells = [f"{name} {value:4.1f} " for name, value in zip(names_of_kinds, row[kinds])]
    print(name_of(head), *cells)

assert np.allclose(idiom_even[:3], 22.5, atol=0.1)
assert (idiom_shares[5:, 4] < 0.5).all() and (idiom_shares[:4, 4] > 5).all()

# %% [markdown]
# 2.2、2.3 和 2.4，权重摊得很平，相差不到百分之零点五。它们什么也没有专门看，只是取平均。这个模型训练时用了[权重衰减](../neural-networks/training.md#weight-decay)，而且很大，人名模型是 1，它是 3：一个权重，只要损失不护着它，每一步都会缩小一点。这几个头的查询和键一直缩小，最后分数都接近 0，而[分数相同，softmax 给的权重就相同](../transformer/attention.md#failure)。神经元也有这种事，[第一个实验](digits.py#weights)里遇到过。单看损失，一点也看不出来。
#
# ## 拿走一个头，三种办法 { #remove }
#
# 要改动一个头，先得够得着它。一个块是往[残差流](../transformer/residual-connections.md#stream)上加，注意力加上去的，又是[各个头的和](../transformer/multi-head-attention.md#output-projection)。所以把模型重写一遍，写成十二个头和三个前馈层的和。对每个头，`looks` 是它的权重，`writes` 是它加上去的向量，两样都可以换掉。

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
    real = np.arange(12) <= np.array([[len(name)] for name in listed])  # 到换行符为止
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
# 把一个部件拿走，看剩下的怎样，叫做消融（ablation）。这里对每个头做三种。零：什么也不写。平均：写它平时写的，也就是一千个训练用的名字里，它在同一个位置上写的平均；随字母而变的部分没有了，总是一样的部分还在。固定视线：照样读，照样写，只是在每个名字里都看同样的地方，就是那十二张图里平均看的地方；没有了的，只是字母不同就看向别处的自由。
#
# !!! question "先猜，再往下看"
#     要紧的头在哪个块里？三种办法，哪一种损失升得最多，哪一种最少？爱看元音的 3.2 排在哪里？

# %% alt="十二个头，每个头三个点，横轴是损失上升。第 1 个块的四个头，用零的在最右边，0.14 到 0.26，用平均的差不多一样远，固定视线的靠左得多，不到 0.09。第 2、3 个块的八个头都在零附近，不到 0.03。"
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
# 印出来的是第 1 个块的四个头，最后是十二个头一起。要紧的就是这四个。偏好最明显的 3.2，拿走了几乎没有影响。离平均分远的头，也不见得更要紧：最后一行的相关系数，连正的都不是。
#
# 最奇怪的是橙色的点。第 1 个块的头，让它在每个名字里都看同样的地方，损失只升了一部分；对 1.2 来说，只有八分之一。可见它的用处，大部分不在于选择看*哪里*。看的地方差不多，取来的东西差不多，要紧的是用 $W_v$ 和 $W_o$ 把取来的变成什么，而这些热图上是没有的。就算十二个头的视线一起固定，模型也比[二元语法](../transformer/language-models.md#loss)的 2.37 好。丢掉的那一部分，才是各章所说的、由词来决定看哪里的注意力。
#
# ## 成对的头，和一个陷阱 { #pairs }
#
# 如果两个头互为后备，就像倒着写的模型里那样，那么两个都拿走，损失升的应该比分别拿走时加起来还多。把 66 对都量一遍：多多少？而且量两次，一次用零，一次用平均。

# %% alt="两个三角形，12 × 12 格，一格是一对头。用零的有两格橙色很深，1.1 和 1.3，1.1 和 2.2，第 1 个块里还有几格淡一些。用平均的，只剩第 1 个块里几格淡色，最深的是 1.2 和 1.3。"
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
# 用零来量，1.1 和 1.3 像是最亲密的搭档：两个都拿走，比分别拿走还要多升 0.5。还有一对跨着块的，1.1 和 2.2，而 2.2 单独拿走，几乎没有影响。照这个编故事，可以编得很动听。换成平均来量，这两对都没了。怎么回事？问一问损失是在名字的第几个字母上升的：

# %%
def by_letter(way, heads):
    instead = mean_writes if way == "mean" else dict.fromkeys(heads, np.float32(0))
    changed = surprise(run(namer, inputs, {head: instead[head] for head in heads}))
    difference = np.where(real, changed - surprise(logits), 0).sum(axis=0) / real.sum()
    return difference[:6].round(2) + 0.0  # + 0.0 把 −0 变成 0


for heads in [[0, 2], [1, 2]]:
    pair = ", ".join(map(name_of, heads))
    for way in ["zero", "mean"]:
        values = [f"{value:5.2f}" for value in by_letter(way, heads)]
        print(f"{pair}, {words[way]}, {words['letter']}", *values)

assert by_letter("zero", [0, 2])[0] > 0.25 and abs(by_letter("mean", [0, 2])[0]) < 0.01

# %% [markdown]
# 是在第一个字母上。它前面只有一个换行符，每个头都只有一处可看，在每个名字里写的都一样，后面的层从来没见过别的。现在换成了零，后面的层收到一个从不出现的向量，就乱了。这不是两个头为名字做了什么，是我们对模型做了什么。换成平均，第一个字母就和原来一模一样。1.2 和 1.3 就不同了，两种办法量出来都有，后面的字母上都有：这两个头才真的互为后备。
#
# ## 热图有什么用 { #limits }
#
# 注意力权重是精确的：一个头在一个位置上，把哪些值按什么份额混在一起，它说得清清楚楚。在答案已知的任务里，凭它就找到了干活的头。但是模型为什么这样回答，它解释不了，原因有三个，都是这一页量出来的。
#
# - 它说的是头往哪里看，没有说从那里取了什么，又送到哪里去。偏好明显的头可以几乎没用，没有偏好的头可以少不得。
# - 别的头也许在干同样的活。拿走一个头以后怎样，量的不是它干了多少。
# - 拿走一个头，是在一个改动过的模型上做实验，看到的可能就是这个改动本身。
#
# 这些都是在两个很小的模型和一个小任务上量的，数字不能搬到别处去。能搬的是办法：先猜，再量，跟平均分或者没训练过的模型比，用不止一种办法去改。
#
# ## 小结 { #summary }
#
# 知道该看哪里的时候，注意力权重能找出要紧的头；人名模型里却不行，因为一个头写什么，比它往哪里看更要紧。用零来拿走头，会造出并不存在的搭档，换成写平均就消失了。要记的一个数是 ⅛：拿走 1.2 所升的损失，固定视线只占这么一点。
#
# ## 探索 { #explorations }
#
# 这些题没有解答。下载这个笔记本，在里面改。
#
# !!! example "1 要看两处"
#     给小模型一个看一处不够的任务：在位置 $i$，说出 $7 - i$ 和 $i - 1$ 两处词元中大的那个。两个头会分工吗？拿两张正确的表分别给它们打分。四个头又怎样？

# %%
def larger(tokens):
    return np.maximum(tokens[:, ::-1], np.roll(tokens, 1, axis=1))


print(test[0], larger(test[:1])[0])

# %% [markdown]
# !!! example "2 换成别人写的"
#     代替一个头，还有第三种东西可写：它读*别的*名字时写的。把它的 `writes` 在验证名字之间打乱，量一量损失升多少。为什么比写平均升得多？哪一种更公平？

# %%
notes = {}
run(namer, inputs, notes=notes)
shuffled_writes = np.random.default_rng(0).permutation(notes[1][1])
print(name_of(1), f"{loss_of(run(namer, inputs, {1: shuffled_writes})) - whole:.3f}")

# %% [markdown]
# !!! example "3 叫醒它们"
#     成语模型的权重衰减从 3 换成 0.3，重新训练一遍（`scratchml/weights/train.py` 里有做法）。第 2 个块的头，会看点什么了吗？验证损失有没有因此变小？

# %%
for head in range(4, 8):
    own = slice(10 * (head - 4), 10 * (head - 3))
    print(name_of(head), np.abs(idiomist.blocks[1].attention.W_q.value[:, own]).mean().round(4))

# %% [markdown]
# !!! example "4 爱看元音，有什么用"
#     3.2 的偏好很明显，拿走却没什么影响。找出它最要紧的那些名字：有它和没有它，各算一遍 `surprise`，逐个字母比较，看差别最大的。这些名字有什么共同点，是看它的权重就猜得到的吗？

# %%
without = surprise(run(namer, inputs, {9: np.float32(0)}))
difference = np.where(real, without - surprise(logits), 0).max(axis=1)
print(*[names("validation")[i] for i in difference.argsort()[::-1][:10]])

# %% [markdown]
# ## 延伸阅读 { #references }
#
# - Sarthak Jain、Byron Wallace，[Attention is not Explanation](https://arxiv.org/abs/1902.10186)（2019），以及 Sarah Wiegreffe、Yuval Pinter 的回应，[Attention is not not Explanation](https://arxiv.org/abs/1908.04626)（2019）。两篇都读，按这个次序。
# - Elena Voita、David Talbot、Fedor Moiseev、Rico Sennrich、Ivan Titov，[Analyzing Multi-Head Self-Attention](https://arxiv.org/abs/1905.09418)（2019）。在翻译模型里，靠测量找到了有分工的头，又看了其余的头拿走以后还剩什么。
# - Fred Zhang、Neel Nanda，[Towards Best Practices of Activation Patching in Language Models](https://arxiv.org/abs/2309.16042)（2023）。代替一个部件可以写些什么，答案又怎样随之而变。
