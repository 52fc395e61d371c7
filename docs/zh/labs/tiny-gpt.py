# %% [markdown]
# # 实验 · 小 GPT { #tiny-gpt }
#
# 一个模型写了一千个成语，没有一个是真的。接着训练，再写一千个，多半是真的，哪本词典里都查得到。谁看了都会说，它进步了。可是拿没读过的成语去考它，它的损失反而比瞎猜还大，瞎猜就是把所有的字都当成一样可能。这两件事怎么会同时成立？
#
# 这一页从随机数开始，训练三个小 GPT，一共只要一分钟左右：一个读英文名字，一个读成语，一个读这本书。每个都写，每次都数一数：学到了什么，抄了多少。零件在[《训练一个 GPT》](../transformer/training-a-gpt.md)和[《生成》](../transformer/generation.md)里都讲过。正文里对数字下的主要断言，代码里都有一行 `assert` 守着。
#
# 先做两项准备：导入要用的东西，再把画图和打印要用的词放在一处。

# %% folded="导入、颜色和进度条"
import re
import sys
import textwrap
import warnings
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib_inline.backend_inline import set_matplotlib_formats
from tqdm import tqdm

import scratchml
from scratchml import (
    GPT, Adam, BPETokenizer, CharTokenizer, CrossEntropy, GPTConfig, MiniBatches,
    NextTokenBatches, fit, generate, idioms, mean_loss, names, next_token_loss,
    next_token_windows, softmax, warmup_cosine,
)

set_matplotlib_formats("svg")
plt.rcParams.update({"svg.fonttype": "none", "figure.constrained_layout.use": True})
plt.rcParams.update({"font.size": 11, "legend.frameon": False, "axes.axisbelow": True})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
warnings.filterwarnings("ignore", "Glyph")  # 汉字由浏览器来画

blue, orange, green, gray = "#0b66a8", "#c2500a", "#0a7f5c", "#666a73"
bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
bar = partial(tqdm, file=sys.stdout, ncols=50, bar_format=bar_format)

# %% folded="画图和打印用的词"
words = {
    "language": "zh",
    "read": "读过的",
    "kept": "没读过的",
    "before training": "训练之前，损失",
    "equal": "所有的字一样可能",
    "after epoch": "轮次",
    "of 1000": "一千个里：",
    "copies": "个读过",
    "found": "个没读过",
    "different": "个不同",
    "temperature": "温度",
    "epoch": "轮次",
    "loss": "损失",
    "training": "训练",
    "validation": "验证",
    "ratio": "读过的 / 没读过的：",
    "probability": "平均概率",
    "rarer": "冷僻的成语，轮次 24 写出的：",
    "names": "名字",
    "idioms": "成语",
    "score": "一个名字一个名字地算，损失：",
    "letters": "字母数",
    "share": "份额（%）",
    "real": "真名字",
    "model": "模型",
    "pairs": "字母对",
    "spread": "长度的平均和标准差",
    "four": "四个字的",
    "first third": "第一、三字相同的",
    "new": "去掉抄的",
    "shuffled": "各个位置洗过的",
    "after steps": "步数：",
    "width": "38",
    "pages": "页",
    "characters": "个字符",
    "tokens": "个词元",
    "nowhere": "找不到这本书的各页；把 folder 改成仓库里的 docs/zh",
    "run length": "连着几个字符",
    "unread": "没读过的书页",
    "longest": "读过的最长一段：",
}

# %% [markdown]
# ## 两份名单 { #lists }
#
# 第一份是英文名字，分法[和以前一样](../transformer/language-models.md#counting)：九成给模型读，一成留着不给它看。第二份是包里最常用的 1,500 个成语，都是四个字，打乱以后照样分成九成和一成。

# %%
shuffled = np.random.default_rng(0).permutation(idioms()[:1500]).tolist()
lists = {
    "names": {"read": names("train"), "kept": names("validation")},
    "idioms": {"read": shuffled[150:], "kept": shuffled[:150]},
}
for parts in lists.values():
    for part, texts in parts.items():
        print(f"{len(texts):4}", words[part] + ":", *texts[:6])

# %% [markdown]
# 一个词占一行，前面一个换行符，后面用换行符填充，要预测的是同一行往后错一位。为了一次写一千个，`write` 每一步都给一千行各抽一个词元，抽法和 [`generate`](../transformer/softmax-and-temperature.md#sampling) 抽一个时相同：`ends` 是各段的终点，随机数越过了几个终点，抽到的就是几号词元。`chances` 算的是模型写出名单上每个词的概率，也就是各个字、连同末尾换行符的概率的乘积。

# %%
def as_rows(texts, tokenizer, length):
    rows = [tokenizer.encode(f"\n{text}".ljust(length + 1, "\n")) for text in texts]
    return np.array(rows)[:, :-1], np.array(rows)[:, 1:]  # 都是 (texts, length)


def write(model, tokenizer, length, temperature=1.0, count=1000):
    rng = np.random.default_rng(0)
    tokens = np.zeros((count, 1), dtype=int)  # 换行符是 0 号词元
    for _ in range(length):
        p = softmax(model(tokens)[:, -1], temperature)  # (count, V)
        ends = np.cumsum(p, axis=1)
        passed = ends < rng.random((count, 1)) * ends[:, -1:]
        tokens = np.column_stack([tokens, passed.sum(axis=1)])
    return [tokenizer.decode(row[1:]).split("\n")[0] for row in tokens]


def chances(model, texts, tokenizer, length):
    inputs, targets = as_rows(texts, tokenizer, length)
    p = softmax(model(inputs))  # (texts, length, V)
    p = np.take_along_axis(p, targets[:, :, None], axis=2)[:, :, 0]  # 目标的概率
    for row, text in zip(p, texts):
        row[len(text) + 1:] = 1  # 末尾的换行符以后都不算
    return p.prod(axis=1, dtype=float)


def on_lists(sample, parts):
    read, kept = set(parts["read"]), set(parts["kept"])
    return sum(word in read for word in sample), sum(word in kept for word in sample)

# %% [markdown]
# 两份名单用同一个函数。`learn` 管训练：Adam，[预热和余弦退火](../transformer/training-a-gpt.md#schedule)，[梯度裁剪](../transformer/training-a-gpt.md#clipping)；每过一个轮次，就调用一次 `look`。`study` 造出模型，并且用 `look` 做两件事：隔一阵让模型写一千个词，同时记下读过的词和没读过的词，被写出来的概率各是多少。

# %%
def learn(model, batches, validation, epochs, peak, look):
    def schedule(step):
        total = epochs * len(batches)
        return warmup_cosine(
            step, peak=peak, warmup_steps=50, total_steps=total, floor=peak / 20
        )

    def with_a_look(numbers):
        for epoch in bar(numbers):
            yield epoch  # fit 在这里训练一个轮次
            look(epoch + 1)

    return fit(
        model, CrossEntropy(), Adam(model.parameters()), batches,
        epochs=epochs, validation=validation, schedule=schedule,
        max_gradient_norm=1.0, progress=with_a_look,
    )


def study(parts, width, blocks, epochs, batch_size, peak, looks):
    tokenizer = CharTokenizer("\n" + "".join(parts["read"] + parts["kept"]))
    length = max(len(text) for text in parts["read"] + parts["kept"]) + 1
    config = GPTConfig(
        tokenizer.vocab_size, context_length=length, embedding_dim=width,
        num_heads=4, num_layers=blocks, tie_weights=True,
    )
    rng = np.random.default_rng(0)
    model = GPT(config, rng=rng)
    batches = MiniBatches(*as_rows(parts["read"], tokenizer, length), batch_size, rng=rng)
    validation = [as_rows(parts["kept"], tokenizer, length)]
    first = mean_loss(model, CrossEntropy(), validation)
    equal = np.log(tokenizer.vocab_size)
    print(words["before training"], f"{first:.2f}  ln {tokenizer.vocab_size} = {equal:.2f}")
    print(*write(model, tokenizer, length)[:6])
    assert abs(first - equal) < 0.2

    samples, means = {}, {}

    def look(epoch):
        if epoch in looks:
            samples[epoch] = write(model, tokenizer, length)
        if epoch in looks or epoch % 6 == 0:
            means[epoch] = [
                chances(model, texts, tokenizer, length).mean() for texts in parts.values()
            ]

    history = learn(model, batches, validation, epochs, peak, look)
    for epoch, sample in samples.items():
        copies, unread = on_lists(sample, parts)
        print(words["after epoch"], f"{epoch:2},", words["of 1000"], end=" ")
        print(copies, words["copies"] + ",", unread, words["found"])
        print("  ", *sample[:7])
    return model, tokenizer, history, samples, means


def plot_losses(history, equal=None):
    figure, axes = plt.subplots(figsize=(3.7, 2.7))
    epochs = np.arange(1, len(history.training_loss) + 1)
    axes.plot(epochs, history.training_loss, color=green, label=words["training"])
    axes.plot(epochs, history.validation_loss, color=blue, label=words["validation"])
    if equal:
        axes.axhline(equal, color=gray, linewidth=1, linestyle="--", label=words["equal"])
    axes.set(xlabel=words["epoch"], ylabel=words["loss"], ylim=(0, None), xticks=epochs[3::4])
    figure.legend(loc="outside upper center", ncols=2)

# %% [markdown]
# ## 名字 { #names }
#
# 两个块，宽 32，训练 12 个轮次。训练之前，模型写的是乱码，损失接近 $\ln 27$，[本该如此](../transformer/training-a-gpt.md#first-loss)。
#
# !!! question "先猜，再往下看"
#     训练完写一千个，有多少个是它读过的名字？又有多少个，是留着没给它看的那 516 个里的？写下两个数。

# %% alt="十二个轮次的训练损失和验证损失，两条曲线一起下降，起先很陡。最后训练损失稍低一点。"
namer, letters, history, written, of_names = study(
    lists["names"], width=32, blocks=2, epochs=12, batch_size=64, peak=0.006,
    looks=[1, 4, 12],
)
plot_losses(history)

texts = [letters.encode(f"\n{name}\n") for name in names("validation")]
score = next_token_loss(namer, texts)
print(words["score"], f"{score:.2f}")
copies, unread = on_lists(written[12], lists["names"])
assert 1.95 < score < 2.05 and 70 < copies < 180 and 2 < unread < 30

# %% [markdown]
# 读过一遍，有了元音和辅音的搭配；读过十二遍，编出来的不少已经像名字了。大约每八个里有一个是它读过的。可是每一百个里，也有一个左右是真名字，而它从来*没有*读过。读过的名字是没读过的九倍，如果读没读过都一样，那么写出一个没读过的，就该写出九个读过的。[《生成》](../transformer/generation.md#copies)用的就是这把尺子。等有了第二个模型可以对照，再回来细看。
#
# （曲线也算上了名字后面填充的换行符，这些很容易猜。一个名字一个名字地算，损失是最后印出来的那个数；[第二部分](../transformer/training-a-gpt.md#losses)那两个两块的 GPT 同样大，训练的时间加倍，损失是 1.95 和 1.94。）
#
# 温度决定它有多保守：

# %%
by_temperature = {}
for temperature in [0.3, 0.6, 1.0, 1.5]:
    sample = write(namer, letters, 12, temperature)
    copies, unread = by_temperature[temperature] = on_lists(sample, lists["names"])
    print(words["temperature"], f"{temperature}:", copies, words["copies"] + ",", end=" ")
    print(unread, words["found"] + ",", len(set(sample)), words["different"])
    print("  ", *sample[:7])

assert by_temperature[0.3][0] > 3 * by_temperature[1.0][0]
assert by_temperature[1.5][0] < by_temperature[1.0][0] / 2

# %% [markdown]
# 温度低，大半是抄的，还有许多写了不止一遍；可是写出来的没读过的真名字，也更多。和许多名字都像的，概率就大。
#
# ## 像名字，像在哪里 { #form }
#
# 编出来的词*像不像*名字，只能凭耳朵。有一样却可以数。只懂[字母对](../transformer/language-models.md#sampling)的模型，也就是二元语法，每写一个字母，都要决定停不停，却不知道已经写了多长。三种名字各有多长：真的，GPT 写的，照着字母对的表写的？
#
# !!! question "先猜，再往下看"
#     真名字平均 6 个字母。照字母对写的，平均会是多少？会不会有一个字母的名字，会不会有十五个字母的？

# %% alt="1 到 16 个字母的名字各占多少，三条线。真名字和模型的几乎重合，像一口钟，顶在 6 个字母。字母对的又低又宽，两个字母最高，到十六个字母还在零以上。"
counts = np.ones((27, 27))
for name in names("train"):
    tokens = letters.encode(f"\n{name}\n")
    np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
table = np.log(counts / counts.sum(axis=1, keepdims=True))


def by_pairs(tokens):
    return table[tokens]


writers = {"real": names("train"), "model": written[12]}
writers["pairs"] = write(by_pairs, letters, 30)
colors = {"real": gray, "model": blue, "pairs": orange}
spreads = {}
figure, axes = plt.subplots(figsize=(3.7, 2.4))
for name, sample in writers.items():
    lengths = np.array([len(word) for word in sample])
    spreads[name] = lengths.std()
    print(words["spread"], f"{lengths.mean():.1f} ± {lengths.std():.1f}", words[name])
    shares = 100 * np.bincount(lengths, minlength=17)[1:17] / len(lengths)
    axes.plot(range(1, 17), shares, "o-", markersize=3, color=colors[name], label=words[name])
axes.set(xlabel=words["letters"], ylabel=words["share"], xticks=[1, 4, 8, 12, 16])
axes.legend()

assert abs(spreads["model"] - spreads["real"]) < 0.3 and spreads["pairs"] > 2 * spreads["real"]

# %% [markdown]
# 照字母对写，平均长度是对的，具体到一个个名字，却几乎都不对。GPT 把整个分布都写对了，因为每个字母看得见自己的位置和前面所有的字母。谁也没有告诉过它，名字该有多长。
#
# ## 成语 { #idioms }
#
# 函数不变，换一份名单。不同的字有 1,515 个，不再是 27 个，所以模型宽一些，只用一个块。训练前的损失接近 $\ln 1515$。
#
# !!! question "先猜，再往下看"
#     1,350 个成语，模型各读 24 遍。下面四次写的成语，哪一次最像样？验证损失最小，又会是在哪一次？

# %% alt="24 个轮次的训练损失和验证损失。训练损失从 7 降到 1.6。验证损失两个轮次以后最低，然后一路上升，大约到一半时越过虚线，虚线是所有的字一样可能。"
idiomist, characters, history, written, of_idioms = study(
    lists["idioms"], width=64, blocks=1, epochs=24, batch_size=64, peak=0.008,
    looks=[2, 8, 14, 24],
)
equal = np.log(characters.vocab_size)
plot_losses(history, equal)

copies, unread = on_lists(written[24], lists["idioms"])
rarer = sum(idiom in idioms()[1500:] for idiom in written[24])
print(words["rarer"], rarer)
assert copies > 500 and unread <= 3 and rarer <= 5
assert not set(written[2]) & set(idioms())
assert history.best_epoch + 1 <= 4 and history.validation_loss[-1] > equal + 0.5

# %% [markdown]
# 开头的两句话都对。看样品，最后一次好得多：多半是真成语。可是这些都是抄的。留着没给它看的 150 个，它一个也没写出来；还有 4,500 个冷僻些的，它同样没读过，也几乎没写出来，最后一行数的就是这些。在这 150 个上，损失大约两个轮次以后就到了最低处，那时候写的还不成话；从那以后只升不降，最后比把所有的字都当成一样可能的模型还大。（这还是把容易猜的换行符也平均进来的结果。）背下来的东西，模型很有把握，而[有把握的错，罚得最重](../neural-networks/loss-functions.md#surprise)。
#
# 名字和成语的训练办法一模一样，差别在哪里？两个都拿尺子来量。每过几个轮次，我们都记下了模型写出一个读过的词的概率，和写出一个没读过的词的概率。如果读没读过都一样，两个概率就相等。

# %% alt="两幅图，纵轴是对数刻度，画的是一个词的平均概率随轮次的变化，读过的一条，没读过的一条。名字：两条一起上升，挨得很近。成语：两条都从 10 的 −10 次方附近开始，读过的升过 10 的 −4 次方，没读过的一直在 10 的 −8 次方以下。"
figure, both = plt.subplots(1, 2, figsize=(3.7, 2.8))
ratios = {}
for axes, kind, means in zip(both, ["names", "idioms"], [of_names, of_idioms]):
    read, kept = np.array(list(means.values())).T
    axes.semilogy(list(means), read, color=orange, label=words["read"])
    axes.semilogy(list(means), kept, color=blue, label=words["kept"])
    axes.set(title=words[kind], xlabel=words["epoch"])
    ratios[kind] = read / kept
    print(words[kind], words["ratio"], *[f"{ratio:.2g}" for ratio in ratios[kind]])
both[0].set(ylabel=words["probability"], ylim=(1e-6, 1e-4))
figure.legend(*both[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)

assert ratios["names"].max() < 2 and ratios["names"][0] > 1
assert ratios["idioms"][0] < 20 and ratios["idioms"][-1] > 1e6

# %% [markdown]
# 每个数是图中一个轮次的两个概率之比。读过的名字，写出来的概率最多是没读过的一倍半左右，其中还有一部分是运气：只过了一个轮次，比值就已经大于 1，那时候不可能背下什么。（留下的一成名字，不会和其余九成恰好一样好写。）读过的成语，概率却是没读过的几百万倍，甚至更多。
#
# 新的成语，它为什么一个也写不出？名字是照着规则拼的，字母只有 26 个，每个出现过一千次左右，哪个常跟着哪个，有的是例子可学。成语里的一个字，平均只出现过三四次：5,400 个位置，1,514 个字。而且成语背后常有典故，“守株”下面是“待兔”，没听过故事的人推不出来。推不出来的，只能背。同一个程序，一个学到了规则，一个背下了名单，差别在于[要学的有多少，例子又有多少](../neural-networks/generalization.md#overfitting)。
#
# 要是用早停，选中的就是两个轮次以后的那个模型。它懂得什么？数两样东西：正好四个字的有多少，第一个字和第三个字相同的有多少，“一心一意”就是这样。拿来比的，除了真成语，还有一副洗过的牌：所有成语的第一个字混在一起洗，第二、三、四个字也各洗各的，于是每个字都在合适的位置上，但前后毫不相干。

# %%
read, kept = lists["idioms"].values()
columns = np.array([list(idiom) for idiom in read])  # (1350, 4)
rng = np.random.default_rng(0)
for place in range(4):
    columns[:, place] = rng.permutation(columns[:, place])
deck = ["".join(row) for row in columns]

compared = {words["read"]: read, words["kept"]: kept, words["shuffled"]: deck}
for epoch, sample in written.items():
    compared[f"{words['after epoch']} {epoch}"] = sample
new = [idiom for idiom in written[24] if idiom not in read]
compared[f"{words['after epoch']} 24, {words['new']}"] = new
again = {}
for name, sample in compared.items():
    whole = [idiom for idiom in sample if len(idiom) == 4]
    again[name] = 100 * np.mean([idiom[0] == idiom[2] for idiom in whole])
    share = 100 * len(whole) / len(sample)
    print(f"{words['four']} {share:3.0f}%, {words['first third']} {again[name]:3.1f}%: {name}")

assert min(again[words["read"]], again[words["kept"]]) > 4
assert again[words["shuffled"]] < 1
assert again[f"{words['after epoch']} 2"] < 2 < again[f"{words['after epoch']} 24"]
assert again[name] > 2 * again[words["shuffled"]]

# %% [markdown]
# 两个轮次以后，多半是四个字，可是第一、三字相同的，并不比洗过的牌更多。按损失选出来的最好的模型，学会了成语有几个字、哪些字常在哪个位置，还没有学会“一心一意”这种重复，而这条规则对没读过的成语同样有用。24 个轮次以后有了重复，而且不只在抄来的里面：最后一行去掉了抄的，还是比洗过的牌多。背名单的时候，它顺便也学到了一条规则。可是在没读过的成语上，这救不了它的损失，因为别的地方它都太有把握了。
#
# ## 这本书 { #book }
#
# 第三份文字，就是你正在读的书。书的各页在仓库里，和包放在一起；各章只取没有公式的句子，代码全部略去。每十页留一页不给模型看。各页以后有改动，你得到的数就会和这里印的不同。
#
# 拿什么当词元？中文一个字就是一个。英文版要是用字母，文字会长到近三倍，所以那边用[字节对](../transformer/tokens.md#bpe)，合并 500 次；这样的两种词元，一个带的内容[差不多](../transformer/tokens.md#languages)。

# %%
folder = Path(scratchml.__file__).parents[1] / "docs" / words["language"]


def prose(markdown):
    kept = []
    for line in re.sub(r"(?s)```.*?```|\$\$.*?\$\$", "", markdown).split("\n"):
        line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)  # 链接只留文字
        line = line.replace("*", "").replace("`", "")
        if line[:1].isalpha() and not set("|{<") & set(line):
            sentences = re.split(r"(?<=[.!?]) |(?<=[。！？])", line)
            kept.append(" ".join(sentence for sentence in sentences if "$" not in sentence))
    text = "\n".join(line for line in kept if line) + "\n"
    return text.replace(" ", "") if words["language"] == "zh" else text


chapters = [path for path in sorted(folder.rglob("*.md")) if path.parent.name != "appendix"]
assert chapters, words["nowhere"]
pages = [prose(path.read_text("utf8")) for path in chapters]
unread_pages = pages[4::10]
read_pages = [page for i, page in enumerate(pages) if i % 10 != 4]
book = {"read": "".join(read_pages), "kept": "".join(unread_pages)}
everything = "".join(pages)
if words["language"] == "zh":
    tokenizer = CharTokenizer(everything)
else:
    tokenizer = BPETokenizer.train(everything, 500)
tokens = {part: tokenizer.encode(text) for part, text in book.items()}
for part, some in {"read": read_pages, "kept": unread_pages}.items():
    print(len(some), words["pages"] + ",", len(book[part]), words["characters"] + ",", end=" ")
    print(len(tokens[part]), words["tokens"] + ":", words[part])

# %% [markdown]
# 连着的文字没有行，所以这里的批量是[从随机位置取的窗口](../transformer/training-a-gpt.md#stream)，每个 48 个词元。两个块，宽 64，600 步。

# %% alt="读书的模型的训练损失和验证损失，一共六段，每段 100 步。两条一起下降，越来越慢；最后验证损失稍高一点。"
config = GPTConfig(
    tokenizer.vocab_size, context_length=48, embedding_dim=64,
    num_heads=4, num_layers=2, tie_weights=True,
)
rng = np.random.default_rng(1)
author = GPT(config, rng=rng)
batches = NextTokenBatches(tokens["read"], 16, 48, steps=100, rng=rng)


def compose(count, temperature, seed):
    start = tokenizer.encode("\n")
    return tokenizer.decode(generate(author, start, count, temperature=temperature, rng=seed))


def as_shown(text, characters):
    text = text[:characters].strip().replace("\n", "¶")
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return textwrap.fill(printable, int(words["width"]), break_on_hyphens=False)


drafts = {0: compose(90, 1.0, 0)}


def look(epoch):
    if epoch in [2, 6]:
        drafts[100 * epoch] = compose(90, 1.0, 0)


history = learn(author, batches, next_token_windows(tokens["kept"], 32, 48), 6, 0.005, look)
for step, draft in drafts.items():
    print(words["after steps"], step)
    print(as_shown(draft, 200))
plot_losses(history)

assert history.training_loss[-1] < history.training_loss[0] - 1.5
assert history.validation_loss[-1] < history.validation_loss[0] - 0.8

# %% [markdown]
# 样品前面的数，是写的时候训练了多少步。起先是乱字；后来是最常见的字词；最后有了这本书的整个短语，几个字之内也合语法。可是没有一句有意思。（¶ 是一行的结尾；要是有 �，那是单独一个字节，不成字。）再看长一点的，用两种温度：

# %%
essays = {temperature: compose(1500, temperature, 1) for temperature in [0.4, 1.0]}
for temperature, essay in essays.items():
    print(words["temperature"], temperature)
    print(as_shown(essay, 400))

# %% [markdown]
# 整段的文字，没法问“在不在名单上”。换个办法：把它切成所有连着的 $n$ 个字符，数一数有多大一部分，在模型读过的书页里原样出现过。短的，什么文字里都有不少。所以没读过的那几页也照样数一遍，那就是这本书自己有多爱重复。
#
# !!! question "先猜，再往下看"
#     哪种温度下，它抄得比这本书重复自己还多？0.4，1，两种都是，还是都不是？

# %% alt="连着 1 到 25 个字符的片段，有多大份额在读过的书页里出现过，三条下降的曲线。字符少的时候，温度 0.4 的最高，没读过的书页在中间，温度 1 的最低。到右端都接近零。"
def runs(text, n):
    return [text[i:i + n] for i in range(len(text) - n + 1)]


sources = {
    f"{words['temperature']} 0.4": (essays[0.4], orange),
    words["unread"]: (book["kept"], gray),
    f"{words['temperature']} 1": (essays[1.0], blue),
}
shares = {name: [] for name in sources}
n = 0
while n < 25 or any(share[-1] > 0 for share in shares.values()):
    n += 1
    known = set(runs(book["read"], n))
    for name, (text, _) in sources.items():
        shares[name].append(np.mean([run in known for run in runs(text, n)]))

figure, axes = plt.subplots(figsize=(3.7, 3.2))
for name, (_, color) in sources.items():
    longest = np.count_nonzero(shares[name])
    print(words["longest"], f"{longest:3}", name)
    axes.plot(range(1, 26), 100 * np.array(shares[name][:25]), color=color, label=name)
axes.set(xlabel=words["run length"], ylabel=words["share"], ylim=(0, None))
figure.legend(loc="outside upper center")

cold, author_himself, warm = [sum(share[:25]) for share in shares.values()]
assert cold > author_himself > warm

# %% [markdown]
# 温度 1，它重复得比这本书还少，因为一写错，长的就断了。温度 0.4，它专拣走熟的路，几个字的短语，比书里用得还滥。它抄的是短语，没有整段地抄；想抄整段，600 步还不够。（没读过的那几页，最长的一段是书里重复过的话，或者是引文。）
#
# ## 小结 { #summary }
#
# 训练的代码就这么几行，三个模型里，一个学会了名字怎么拼，一个背下了一份名单，一个学会了这本书的口头禅。光看样品分不出来，因为抄来的总是最像样。数一数就清楚了：读过多少，留下多少，凑巧该有多少。要记的一个数是 0：一千个成语里，多半是真的，其中它没读过的，一个也没有。
#
# ## 探索 { #explorations }
#
# 这些题没有解答。下载这个笔记本，在里面改。
#
# !!! example "1 不许背"
#     包里带的成语模型，训练时权重衰减是 3。在 `learn` 里给 `Adam` 加上这样的 `weight_decay`，再学一遍成语。抄的还有多少，验证损失多少，样品什么样？有没有一个值，能让它写出一个没读过的成语？

# %%
print(words["loss"], f"{history.validation_loss[-1]:.2f}")

# %% [markdown]
# !!! example "2 自己的名单"
#     地名、菜名、植物、星星，找一份名单，至少几百个词，留出一成，拿尺子量一量。名单的长短，对比值有什么影响？先试只给模型读 500 个名字。

# %%
short = {"read": lists["names"]["read"][:500], "kept": lists["names"]["kept"]}
print(*[f"{len(texts)} {words[part]}" for part, texts in short.items()])

# %% [markdown]
# !!! example "3 接着写"
#     让模型接着你的开头写：名字给几个字母，成语给第一个字，这本书给半句话。成语的模型，跟只训练两个轮次的比一比。什么样的开头，一定会引出一句抄的？

# %%
start = letters.encode("\nk")
for seed in range(5):
    name = letters.decode(generate(namer, start, 11, rng=seed))
    print("k" + name.split("\n")[0])

# %% [markdown]
# !!! example "4 训练一夜"
#     给读书的模型十倍的步数，或者把宽度加到 128，让它跑一夜。验证损失从什么时候开始升？温度 1 的曲线，什么时候高过这本书自己的？

# %%
print(author)

# %% [markdown]
# ## 延伸阅读 { #references }
#
# - R. Thomas McCoy、Paul Smolensky、Tal Linzen、Jianfeng Gao、Asli Celikyilmaz，[How Much Do Language Models Copy From Their Training Data?](https://arxiv.org/abs/2111.09509)（2021；TACL 2023）。像这里一样数连着的词，对象是 GPT-2，抄来的段落有的超过一千个词。
# - Nicholas Carlini 等，[Quantifying Memorization Across Neural Language Models](https://arxiv.org/abs/2202.07646)（2022）。模型越大、数据里重复越多、提示越长，背出来的怎样越多。
# - Andrej Karpathy，[makemore](https://github.com/karpathy/makemore)（2022）。读一份名单，写出更多名字，从二元语法一直做到 Transformer。
