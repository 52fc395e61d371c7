# %% [markdown]
# # 实验 · 手写数字 { #handwritten-digits }
#
# 一个小网络，没见过的手写数字 100 个能认对 97 个。这个 97 值多少？该跟什么比，有多少是运气，认错的是哪些，换一批陌生人来写还灵不灵？
#
# 用到的想法，大多在第一部分讲过；新的当场解释，画图和计数的函数不认识，也能往下读。正文里对数字下的主要断言，代码里都有一行 `assert` 守着，哪句不成立，这一页就生成不出来。Python 环境怎么装，见[《怎样用这本书》](../how-to-use.md#running)。
#
# 先做两项准备。第一格导入要用的东西，除了 `scratchml` 和 numpy，还有画图的 matplotlib 和显示进度条的 tqdm；图怎么画，也在这里定下，`ink` 是从透明到黑的 17 级深浅，一个像素正好有这么多级。

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
    Adam, CrossEntropy, Linear, MiniBatches, ReLU, Sequential, digits, fit, softmax,
)

set_matplotlib_formats("svg")
plt.rcParams.update({"svg.fonttype": "none", "figure.constrained_layout.use": True})
plt.rcParams.update({"font.size": 11, "legend.frameon": False, "axes.axisbelow": True})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
warnings.filterwarnings("ignore", "Glyph")  # 汉字由浏览器来画

blue, orange, green, gray = "#0b66a8", "#c2500a", "#0a7f5c", "#666a73"
ink = LinearSegmentedColormap.from_list("ink", ["#00000000", "#000000"], N=17)
bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
bar = partial(tqdm, file=sys.stdout, ncols=50, bar_format=bar_format)

# %% [markdown]
# 第二格是画图和打印时要用的词，集中放在一处。

# %% folded="画图和打印用的词"
words = {
    "training": "训练",
    "validation": "验证",
    "test": "测试",
    "most frequent": "总是回答最多的那个数字",
    "nearest mean": "最近的平均图",
    "nearest neighbor": "最近邻",
    "network": "网络",
    "epoch": "轮次",
    "loss": "损失",
    "label": "图片上的数字",
    "answer": "网络的回答",
    "stretch": "文件的第几段",
    "accuracy": "准确率（%）",
    "known": "见过的人写的",
    "new": "没见过的人写的",
    "images": "图片：",
    "choice": "来自测试图片的选取",
    "numbers": "要保存的数：",
    "multiplications": "乘法次数：",
    "misread by": "被 0、1、……、10 个网络读错的图片：",
    "mistakes": "错误：",
    "by all": "十个网络都读错的：",
    "5 and 9": "曾被读错的 5 和 9：",
    "networks": "十个网络",
    "certain": "95% 以上：",
    "uncertain": "其余：",
    "fires": "每个神经元对百分之几的图片有输出：",
    "alive": "活着：",
    "dead": "死了：",
    "same scores": "分数相同",
    "same answers": "回答相同",
    "probability": "0 到 9 的概率（%）：",
}

# %% [markdown]
# ## 像素 { #pixels }
#
# 一张图片是一行 64 个数，从 0（白纸）到 1（墨），另外带一个标签；来历见[《机器学习》](../neural-networks/machine-learning.md)那一章。每个数字先看三张。

# %% alt="三十个 8 × 8 像素的手写数字，从 0 到 9 排成十列。同一列的三张，斜度、粗细和形状都不一样。"
train_images, train_labels, test_images, test_labels = digits()
print(words["training"], train_images.shape, words["test"], test_images.shape)


def show(axes, image, title="", colors=ink, lowest=0):
    axes.pcolormesh(image.reshape(8, 8), cmap=colors, vmin=lowest, vmax=1)
    axes.set(aspect="equal", ylim=(8, 0), xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=gray, linewidth=0.5)
    axes.set_title(title, fontsize=11)


figure, grid = plt.subplots(3, 10, figsize=(3.7, 1.2))
for digit in range(10):
    for axes, image in zip(grid[:, digit], train_images[train_labels == digit]):
        show(axes, image)

# %% [markdown]
# ## 分成三份 { #split }
#
# 测试集只用来量成绩，别的一概不许。（这一个，第一部分[看过许多次](../neural-networks/generalization.md#three-sets)了，下面的成绩只当练习。）可是训练到什么时候停，也得有个依据，所以要从训练图片里再留出一份，就是验证集。每个数字每五张留一张，三份里各个数字的比例就差不多一样。

# %%
def every_fifth(labels, start=0):
    chosen = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        chosen[np.flatnonzero(labels == digit)[start::5]] = True
    return chosen


aside = every_fifth(train_labels)
parts = {
    "training": train_labels[~aside],
    "validation": train_labels[aside],
    "test": test_labels,
}
for name, labels in parts.items():
    print(f"{len(labels):5}", np.bincount(labels), words[name])

# %% [markdown]
# 每行是一份有多少张，以及 0 到 9 各有多少张。
#
# ## 基线：不费力气能得多少 { #baseline }
#
# 光有一个准确率，看不出好坏，要有个简单的东西来比，这叫**基线**。这里用三个。第一个总是回答训练图片里最多的那个数字。第二个把每个数字的训练图片各自平均，看新图片离哪张平均图最近。第三个是《机器学习》那一章[一道练习](../neural-networks/machine-learning.md#exercise-3)的办法，直接找最近的那一张训练图片。“近”是说差的平方和小，用一次矩阵乘法，所有的图片两两之间就一起算好了：
#
# $$
# \lvert a - b \rvert^2 = \lvert a \rvert^2 - 2\, a \cdot b + \lvert b \rvert^2
# $$
#
# 其中 $a$ 是新图片，它跟哪个 $b$ 比，$\lvert a \rvert^2$ 都一样，可以省去。
#
# !!! question "先猜，再往下看"
#     十张平均图画在代码下面。100 张测试图片，三个办法各能认对多少？写下三个数。

# %% alt="十张平均图，从 0 到 9。都糊了，但还认得出；最糊的是 8 和 9。"
def nearest(images, labels, new_images):
    distances = (images**2).sum(axis=1) - 2 * new_images @ images.T
    return labels[distances.argmin(axis=1)]  # 每行距离（一张新图片）得一个


means = np.stack([train_images[train_labels == i].mean(axis=0) for i in range(10)])
baselines = {
    "most frequent": np.full(len(test_labels), np.bincount(train_labels).argmax()),
    "nearest mean": nearest(means, np.arange(10), test_images),
    "nearest neighbor": nearest(train_images, train_labels, test_images),
}
for name, answers in baselines.items():
    print(f"{(answers == test_labels).mean():6.1%}", words[name])

figure, grid = plt.subplots(1, 10, figsize=(3.7, 0.5))
for axes, image in zip(grid, means):
    show(axes, image)

assert 0.89 < (baselines["nearest mean"] == test_labels).mean() < 0.92
assert (baselines["nearest neighbor"] == test_labels).mean() > 0.98

# %% [markdown]
# 看来一成是白送的，九成也只要十张平均图。在这份数据上，“用神经网络认对了九成多”算不上新闻。最近邻什么也没学，却认对了 98% 以上。记住它，要胜过它并不容易。
#
# ## 网络 { #network }
#
# 32 个神经元的一层，ReLU，十个输出，交叉熵，Adam，32 张一批，早停的 `patience` 是 5：好几章的内容，十行写完。进度条数的是轮次，最多允许 100 个；验证损失不再变小，训练早早就停了。

# %% alt="损失随轮次变化的两条曲线。训练损失一路降向 0。验证损失起先跟着降，后来停在它的上方，最低处有一个圆点，离结束还有几个轮次。"
def train(images, labels, seed, progress=iter):
    rng = np.random.default_rng(seed)
    model = Sequential(Linear(64, 32, rng=rng), ReLU(), Linear(32, 10, rng=rng))
    aside = every_fifth(labels)
    history = fit(
        model, CrossEntropy(), Adam(model.parameters(), 0.01),
        MiniBatches(images[~aside], labels[~aside], 32, rng=rng), epochs=100,
        validation=[(images[aside], labels[aside])], patience=5, progress=progress,
    )
    return model, history


def read(model, images):
    return model.forward(images).argmax(axis=1)


network, history = train(train_images, train_labels, seed=0, progress=bar)
print(f"{(read(network, test_images) == test_labels).mean():.1%}", words["network"])

epochs = np.arange(1, len(history.training_loss) + 1)
figure, axes = plt.subplots(figsize=(3.7, 2.5))
axes.plot(epochs, history.training_loss, color=green, label=words["training"])
axes.plot(epochs, history.validation_loss, color=blue, label=words["validation"])
axes.plot(epochs[history.best_epoch], min(history.validation_loss), "o", color=blue)
axes.set(xlabel=words["epoch"], ylabel=words["loss"], ylim=(0, None))
axes.legend()

assert len(history.training_loss) == history.best_epoch + 1 + 5 < 50

# %% [markdown]
# 到了圆点，又过五个轮次，训练停下，模型退回圆点处的权重。
#
# ## 有多少是运气 { #seeds }
#
# 换一个种子，开始的权重和看图片的顺序都变了。试十个：

# %%
models = [train(train_images, train_labels, seed)[0] for seed in bar(range(10))]
correct = np.array([read(model, test_images) == test_labels for model in models])
accuracies = correct.mean(axis=1)  # correct 是 (10, 364)
neighbor = (baselines["nearest neighbor"] == test_labels).mean()

print(words["accuracy"], np.sort(accuracies * 100).round(1))
print(f"{accuracies.mean():.1%} ± {accuracies.std(ddof=1):.1%}", words["network"])
print(f"{neighbor:.1%}", words["nearest neighbor"])
fewer = nearest(train_images[~aside], train_labels[~aside], test_images)
print(f"{(fewer == test_labels).mean():.1%}", words["nearest neighbor"], words["images"], sum(~aside))
p, n = accuracies.mean(), len(test_labels)
print(f"± {np.sqrt(p * (1 - p) / n):.1%}", words["choice"])

assert accuracies.mean() >= 0.96 and round(100 * accuracies.mean()) == 97
assert accuracies.std(ddof=1) < np.sqrt(p * (1 - p) / n)
assert accuracies.max() < min(neighbor, (fewer == test_labels).mean())

# %% [markdown]
# ± 后面是标准差。要报告，就报告平均和标准差，别报告十个里最好的：挑它出来，用的是测试集。最近邻有两行：先用全部训练图片，再去掉验证用的图片，只用网络学过的图片。
#
# 还有一种运气，换种子看不出来：测试的碰巧是这 364 张。如果每张认对的概率是 $p$，那么 $n$ 张里认对的比例，标准差是 $\sqrt{p(1-p)/n}$。最后一行就是它，比种子之间的差别还大。一张图片，就值大约四分之一个百分点。
#
# 十个网络，没有一个胜过最近邻，哪怕它手上的图片跟网络学的一样多。图片这么少，差距不算大；可是到这一页的末尾，换成 1,797 张，差距还在。那么网络强在哪里？它小，也快：

# %%
parameters = sum(parameter.value.size for parameter in network.parameters())
multiplications = 64 * 32 + 32 * 10
print(words["network"], parameters, words["numbers"], multiplications, words["multiplications"])
print(words["nearest neighbor"], train_images.size, words["numbers"], train_images.size, words["multiplications"])

assert train_images.size > 35 * parameters

# %% [markdown]
# 乘法的次数，是认一张新图片的次数。最近邻得存下所有的训练图片，跟每一张都比一遍；照这个做法，训练图片多到十倍，就慢到十倍，网络却一点不慢。
#
# ## 哪两个数字容易混 { #confusion }
#
# **混淆矩阵**把回答分类数出来：每个数字一行，每种回答一列，对角线上的是认对的。十个网络的回答加在一起，一共 3,640 次。
#
# !!! question "先猜，再往下看"
#     混得最多的是哪两个数字？1 和 7？3 和 8？4 和 9？还是别的？

# %% alt="十行十列的表。回答几乎都在对角线上。别处颜色最深的，是 6 认成 1 和 9 认成 5。"
confusion = np.zeros((10, 10), dtype=int)
for model in models:
    np.add.at(confusion, (test_labels, read(model, test_images)), 1)

mistakes = confusion - np.diag(confusion.diagonal())
heat = LinearSegmentedColormap.from_list("heat", [orange + "00", orange + "70"])
figure, axes = plt.subplots(figsize=(3.7, 3.6))
axes.pcolormesh(mistakes, cmap=heat)
for (row, column), count in np.ndenumerate(confusion):
    if count:
        color = gray if row == column else "black"
        axes.text(column + 0.5, row + 0.5, count, color=color, ha="center", va="center")
axes.set(aspect="equal", xlabel=words["answer"], ylabel=words["label"], ylim=(10, 0))
axes.set_xticks(np.arange(10) + 0.5, range(10))
axes.set_yticks(np.arange(10) + 0.5, range(10))
axes.tick_params(length=0)

pairs = mistakes + mistakes.T
assert pairs[5, 9] == pairs.max() and min(mistakes[5, 9], mistakes[9, 5]) > 5
assert pairs[1, 7] + pairs[4, 9] + pairs[3, 8] < pairs[5, 9]

# %% [markdown]
# 颜色表示认错的次数。混得最多的一对是 5 和 9，两个方向都有。上面点名的三对，加起来也没有它多。
#
# 不过要看看，这些次数来自多少张图片：

# %%
misread = (~correct).sum(axis=0)  # 每张测试图片被几个网络认错
print(words["misread by"], np.bincount(misread, minlength=11))
print(words["mistakes"], misread.sum(), words["images"], (misread > 0).sum())
print(words["by all"], (misread == 10).sum())
print(words["5 and 9"], (misread[np.isin(test_labels, [5, 9])] > 0).sum())

assert 80 < misread.sum() < 110 and (misread > 0).sum() < 25
assert (misread == 10).sum() in {4, 5, 6, 7, 8}

# %% [markdown]
# 近一百次错，出自不到 25 张图片，其中几张难住了所有的网络。它们学的是同一批图片，算不上互不相干的证人。认错过的 5 和 9 一共只有几张，“5 和 9”的结论就只靠这几张；换一个测试集，完全可能是另外一对。
#
# ## 认错的图片 { #misread }
#
# 错在哪里，数字说不清，要看图片。种子 0 的网络认错的都在这里，上面写着标签、箭头、回答，还有 softmax 给这个回答的概率。

# %% alt="这个网络认错的八张测试图片，每张写着标签、回答和回答的概率，其中有一个 5 认成 9，两个 6 认成 1，一个 3 认成 2。多数糊成一团，或者挤在一起。"
probabilities = softmax(network.forward(test_images))  # (364, 10)
answers = probabilities.argmax(axis=1)  # (364,)
wrong = np.flatnonzero(answers != test_labels)

rows = -(-len(wrong) // 4)  # 向上取整
figure, grid = plt.subplots(rows, 4, figsize=(3.7, 1.5 * rows))
for axes, i in zip(grid.flat, wrong):
    title = f"{test_labels[i]} → {answers[i]}\n{probabilities[i].max():.0%}"
    show(axes, test_images[i], title)
for axes in grid.flat[len(wrong):]:
    axes.axis("off")

print(words["networks"], misread[wrong])
print(words["nearest neighbor"], sum(baselines["nearest neighbor"][wrong] != test_labels[wrong]))

certain = probabilities.max(axis=1) > 0.95
for name, some in {"certain": certain, "uncertain": ~certain}.items():
    mistaken = sum(answers[some] != test_labels[some])
    print(words[name], sum(some), words["mistakes"], mistaken)

assert len(wrong) == 8 and probabilities[wrong].max() > 0.95
assert (answers[certain] == test_labels[certain]).mean() > 0.99
assert (answers[~certain] == test_labels[~certain]).mean() < 0.9

# %% [markdown]
# 先印出的是每张图片被十个网络中的几个认错，再是其中有几张最近邻也认错。有的回答，网络给了 95% 以上的概率，还是错的。不管看到什么，softmax 都要把 100% 分给十个数字，没有“都不是”这一项，所以概率再高，也证明不了它认对了。概率也不是没用：看看这个网络给了 95% 以上的图片和其余的图片，各错了几张。它拿不准的时候，错得多得多。不过，先别怪网络：遮住标签，你自己会怎么读？
#
# ## 第一层学到了什么 { #weights }
#
# 32 个隐藏神经元，每个对每个像素有一个权重，所以权重也能画成图片：蓝色的地方有墨，加权和就变大；橙色的地方有墨，加权和就变小；颜色淡的地方，有没有墨差别不大。
#
# !!! question "先猜，再往下看"
#     这些图会像什么？笔画？整个数字？还是一片杂乱？

# %% alt="三十二个 8 × 8 的方格，蓝橙两色。多数颜色很深，东一块西一块，几乎看不出笔画。有七个整个都很淡。"
weights = network.layers[0].weights.value  # (64, 32)
both = [(0, orange), (0.5, orange + "00"), (0.5, blue + "00"), (1, blue)]
diverging = LinearSegmentedColormap.from_list("diverging", both, N=33)

figure, grid = plt.subplots(4, 8, figsize=(3.7, 1.9))
for axes, neuron in zip(grid.flat, weights.T):
    show(axes, neuron, colors=diverging, lowest=-1)

# %% [markdown]
# 几乎没有笔画，更没有数字，只是东一块西一块。这一层的神经元，单独一个不必有什么意义，十个输出把 32 个合起来，结果对就行。（看照片的网络，从小窗口里一块块地看，确实会学出边缘和笔画。这个网络的每个神经元有 64 个权重，没有什么要求相邻的两个差不多大。）
#
# 有几个方格，整个都很淡。这些神经元在做什么？数一数每个神经元对 1,433 张图片中的百分之几有输出，也就是 ReLU 的结果不是 0。

# %%
fires = (network.layers[0].forward(train_images) > 0).mean(axis=0)
print(words["fires"], (100 * fires).round().astype(int))
alive = fires > 0
print(words["alive"], alive.sum(), words["dead"], (~alive).sum())

assert (~alive).sum() == 7
assert np.abs(weights[:, ~alive]).mean() < 0.6 * np.abs(weights[:, alive]).mean()

# %% [markdown]
# 淡的那几个，对哪张图片都输出 0。它们[死了](../neural-networks/activation-functions.md#dead)：不管什么图片，加权和都是负的，ReLU 把它变成 0，斜率也是 0，训练不再挪它们。颜色淡，是因为权重还和开始时差不多大小。把它们拿掉，什么都不变：

# %%
kept = int(alive.sum())
smaller = Sequential(Linear(64, kept, rng=0), ReLU(), Linear(kept, 10, rng=0))
for i, rows, columns in [(0, slice(None), alive), (2, alive, slice(None))]:
    smaller.layers[i].weights.value = network.layers[i].weights.value[rows, columns]
    smaller.layers[i].bias.value = network.layers[i].bias.value[columns]

print(words["numbers"], sum(parameter.value.size for parameter in smaller.parameters()))
print(words["same scores"], np.allclose(smaller.forward(train_images), network.forward(train_images)))
print(words["same answers"], np.array_equal(read(smaller, test_images), answers))

dead = np.array([
    (model.layers[0].forward(train_images) <= 0).all(axis=0).sum() for model in models
])
print(words["dead"], dead)

assert np.allclose(smaller.forward(train_images), network.forward(train_images))
assert np.array_equal(read(smaller, test_images), answers)
assert min(dead) >= 2 and 32 / 5 < np.mean(dead) < 32 / 4

# %% [markdown]
# 要的是 32 个隐藏神经元，到手的是 25 个，损失和准确率都没有露出一点痕迹，看了权重才知道。也不是这个种子特别倒霉：最后一行数了十个网络各死了多少，平均是五分之一到四分之一。它们是怎么死的？嫌疑在像素：像素没有负的，一步如果把一个神经元的权重全都调小，它对每张图片的加权和就一起变小，可能从此总是输出 0。是不是这样，后面的第一个探索会去查。
#
# ## 没见过的笔迹 { #writers }
#
# 到现在为止，写测试图片的人，也写了训练图片。`digits("writers")` 换了一种分法：文件是一张表接一张表排下来的，[想来大致一人一张](../neural-networks/generalization.md#other-writers)，它拿最后五分之一来测试。
#
# !!! question "先猜，再往下看"
#     刚才网络认对 97% 上下，最近邻 98% 上下。[换一批人来写](../neural-networks/generalization.md#other-writers)，网络降到 90% 左右。最近邻呢？

# %%
split = digits("writers")
scores = []
for seed in bar(range(5)):
    model, _ = train(split.train_images, split.train_labels, seed)
    scores.append((read(model, split.test_images) == split.test_labels).mean())
guesses = nearest(split.train_images, split.train_labels, split.test_images)
neighbor = (guesses == split.test_labels).mean()

print(f"{np.mean(scores):.1%} ± {np.std(scores, ddof=1):.1%}", words["network"])
print(f"{neighbor:.1%}", words["nearest neighbor"])

assert 0.89 < np.mean(scores) < 0.92
assert neighbor > np.mean(scores) + 0.03

# %% [markdown]
# 原来四十张错一张，现在差不多十张就错一张，而且最近邻领先得更多了。训练的代码一个字也没改。那么，陌生人拿起笔来写，该指望的就是这个低的数吗？
#
# 一道[练习](../neural-networks/generalization.md#exercise-4)里看到过，文件的最后五分之一比别处难认。掉下来的那些里，这占多少？把整个文件切成五段，每张图片认两遍：一遍交给只学过另外四段的网络，写字的人它没见过；一遍交给每段都学过五分之四的网络，写字的人它见过。两遍认的是同样的图片，训练用的图片也差不多一样多，每遍用两个种子。（跨在两段交界处的人，算是见过一部分。）

# %% alt="文件的五段，每段两个圆点，一个是见过的人写的，一个是没见过的人写的。没见过的每次都低，低二到七个百分点。见过的人写的那些圆点里，最后一段最低。"
images = np.concatenate([split.train_images, split.test_images])  # 整个文件
labels = np.concatenate([split.train_labels, split.test_labels])
stretch = np.arange(len(labels)) * 5 // len(labels)

hits = {"known": np.zeros((2, len(labels))), "new": np.zeros((2, len(labels)))}
near = {"known": np.zeros(len(labels)), "new": np.zeros(len(labels))}
for part in bar(range(5)):
    tests = {"known": every_fifth(labels, part), "new": stretch == part}
    for name, test in tests.items():
        for seed in range(2):
            model, _ = train(images[~test], labels[~test], seed)
            hits[name][seed, test] = read(model, images[test]) == labels[test]
        guesses = nearest(images[~test], labels[~test], images[test])
        near[name][test] = guesses == labels[test]

for name in ["known", "new"]:
    print(words["network"], f"{hits[name].mean():.1%}", words["nearest neighbor"], f"{near[name].mean():.1%}", words[name])

numbers, dots = np.arange(1, 6), {}
figure, axes = plt.subplots(figsize=(3.7, 2.5))
for name, color in {"known": blue, "new": orange}.items():
    shares = [hits[name][:, stretch == part].mean() for part in range(5)]
    dots[name] = 100 * np.array(shares)
    axes.plot(numbers, dots[name], "o", color=color, label=words[name])
axes.vlines(numbers, dots["new"], dots["known"], color=gray, linewidth=1, zorder=0)
axes.set(xlabel=words["stretch"], ylabel=words["accuracy"])
axes.set(xticks=numbers, yticks=[88, 92, 96, 100], ylim=(87, 101.5))
axes.legend(loc="upper center", ncols=2, handletextpad=0, columnspacing=1)

assert (dots["known"] > dots["new"]).all() and dots["known"].argmin() == 4
assert [round(100 * hits[name].mean()) for name in ["known", "new"]] == [97, 93]
assert 0.02 < near["known"].mean() - near["new"].mean() < 0.03
assert near["known"].mean() - hits["known"].mean() > 0.01
assert near["new"].mean() - hits["new"].mean() > 0.02

# %% [markdown]
# 打印的是整个文件上的准确率，先是网络，后是最近邻。换成没见过的人，网络掉了四个百分点左右，最近邻掉了两到三个。可是同样是见过的人写的，各段也有难有易，最后一段最难。所以刚才掉下来的那些，原因有两个，一是笔迹生，二是图片难；只看那一种分法，两个原因是分不开的。
#
# 还有一个人的笔迹它没见过：你的。
#
# ![一块画数字的板，旁边是网络看到的：8 × 8 的图片，每个数字的概率，最像的几张训练图片](play:digit "和《机器学习》那一章里的是同一个网络。为了检验，用三种笔迹各画了十个数字，它认对 26 个。")
#
# ## 小结 { #summary }
#
# 一个由 2,410 个数定下来的网络，见过的人写的新图片，认对 97% 左右，没见过的人写的，认对 93% 左右，两样都不如最近邻。一个成绩值多少，要看拿什么来比：基线，别的种子，错误背后的图片，还有别处来的数据。要记的一个数是 32 个里的 7 个：它们死了，成绩上一点也看不出来。
#
# ## 探索 { #explorations }
#
# 这些题没有解答。下载这个笔记本，在里面改。
#
# !!! example "1 起死回生"
#     如果神经元真是死在像素没有负的上面，那么给所有的图片减去训练图片的平均图，让像素有正有负，应该会好些。试试看：还死多少个？十个种子的准确率，平均和标准差变成多少？（平均图只能用哪些图片来算？）

# %%
print(words["dead"], dead)

# %% [markdown]
# !!! example "2 右移一格"
#     《机器学习》那一章把测试图片移了一格，网络就认错了一大半。把训练图片往右、左、上、下各移一格，也加进训练集。移过的测试图片、没移过的测试图片、没见过的人写的图片，成绩各有什么变化？

# %%
moved = np.zeros((len(test_images), 8, 8))
moved[:, :, 1:] = test_images.reshape(-1, 8, 8)[:, :, :-1]
print(words["network"], f"{(read(network, moved.reshape(-1, 64)) == test_labels).mean():.1%}")

# %% [markdown]
# !!! example "3 十个网络投票"
#     把十个网络给出的概率平均，再看谁最高。比它们的平均准确率好吗？比最近邻好吗？要让投票更管用，该让它们宽窄不同，还是各学各的图片？

# %%
vote = np.mean([softmax(model.forward(test_images)) for model in models], axis=0)
print(words["networks"], f"{(vote.argmax(axis=1) == test_labels).mean():.1%}")

# %% [markdown]
# !!! example "4 自己写"
#     画一个数字，`#` 是墨，`+` 是一半的墨。网络认得吗？画十个，数一数。真的图片里有什么，是你画的没有的？

# %%
drawing = """
..####..
.##..##.
.....##.
...###..
.....##.
......#+
.#...##.
..####..
"""
gray_values = {".": 0.0, "+": 0.5, "#": 1.0}
image = np.array([gray_values[character] for character in "".join(drawing.split())])
print(words["probability"], (100 * softmax(network.forward(image[None]))[0]).round().astype(int))

# %% [markdown]
# !!! example "5 骗过它"
#     `backward` 能一直传到像素：64 个像素，每个得到一个损失的斜率。找一张网络认对的图片，让每个像素朝损失变大的方向挪一小步。最少挪多少，它就认错了？挪过的图片，你看得出来吗？

# %%
chosen = slice(216, 217)  # 一张图片，当作一批
loss = CrossEntropy()
loss.forward(test_labels[chosen], network.forward(test_images[chosen]))
print(words["label"], test_labels[chosen], words["answer"], read(network, test_images[chosen]))
print(network.backward(loss.backward()).reshape(8, 8).round(1))

# %% [markdown]
# ## 延伸阅读 { #references }
#
# - Curtis Northcutt、Anish Athalye、Jonas Mueller，[Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks](https://arxiv.org/abs/2103.14749)（2021）。有时候网络没错，错的是标签。
# - Benjamin Recht、Rebecca Roelofs、Ludwig Schmidt、Vaishaal Shankar，[Do ImageNet Classifiers Generalize to ImageNet?](https://arxiv.org/abs/1902.10811)（2019）。照着原来的样子再做一个测试集，大家的成绩会怎样。
