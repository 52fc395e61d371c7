# %% [markdown]
# # Lab · A tiny GPT { #tiny-gpt }
#
# A model writes a thousand Chinese idioms, and not one of them is real. We train it longer, and now most of them are in every dictionary. Any reader would say that it has improved. And yet, shown an idiom that it hasn't read, it now does worse than somebody who knows nothing and calls all characters equally likely. How can both be true?
#
# Three small GPTs are trained below, from random numbers, in about a minute: one on English names, one on Chinese idioms, one on this book. Each of them writes, and each time we ask what it has learned, and how much it has copied. [Training a GPT](../transformer/training-a-gpt.md) and [Generation](../transformer/generation.md) explain the parts. Where the text makes one of its main claims about the numbers, an `assert` in the code holds it to that.
#
# Two cells of preparation come first: imports, and the words for plots and printed lines.

# %% folded="Imports, colors, a progress bar"
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
warnings.filterwarnings("ignore", "Glyph")  # Chinese is for the browser to draw

blue, orange, green, gray = "#0b66a8", "#c2500a", "#0a7f5c", "#666a73"
bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
bar = partial(tqdm, file=sys.stdout, ncols=50, bar_format=bar_format)

# %% folded="The words for plots and printed lines"
words = {
    "language": "en",
    "read": "read",
    "kept": "kept from it",
    "before training": "before training, loss",
    "equal": "equally likely",
    "after epoch": "after epoch",
    "of 1000": "of 1000:",
    "copies": "copies",
    "found": "found unread",
    "different": "different",
    "temperature": "temperature",
    "epoch": "epoch",
    "loss": "loss",
    "training": "training",
    "validation": "validation",
    "ratio": "read / kept from it:",
    "probability": "mean probability",
    "rarer": "of the rarer idioms, after epoch 24:",
    "names": "names",
    "idioms": "idioms",
    "score": "loss, name by name:",
    "letters": "letters",
    "share": "share (%)",
    "real": "real names",
    "model": "model",
    "pairs": "pairs of letters",
    "spread": "mean and standard deviation of the length",
    "four": "four characters",
    "first third": "first the same as third",
    "new": "without the copies",
    "shuffled": "each place shuffled",
    "after steps": "steps:",
    "width": "76",
    "pages": "pages",
    "characters": "characters",
    "tokens": "tokens",
    "nowhere": "the book's pages are missing; set `folder` to docs/en of the book's repository",
    "run length": "length of a run, in characters",
    "unread": "pages that it hasn't read",
    "longest": "longest run that it has read:",
}

# %% [markdown]
# ## Two lists { #lists }
#
# The first list has English given names, split [as always](../transformer/language-models.md#counting): nine tenths to read, one tenth kept from the model. The second has the 1,500 most frequent idioms of the package, of four characters each, shuffled and split in the same way. (A Chinese idiom is a set phrase. 一心一意, character by character *one heart one mind*, means wholeheartedly; 家喻户晓 is *known in every household*.)

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
# A word is a row: a newline in front, newlines behind it until the row is full. What is to be predicted is the same row, one further on. To write a thousand words at once, `write` draws a thousand next tokens at each step, one in every row, as [`generate`](../transformer/softmax-and-temperature.md#sampling) draws one: `ends` are the ends of the stretches, and the number of ends that a random number has passed is the token. `chances` computes how likely the model is to write each word of a list, the product of the probabilities of its characters and of the newline at its end.

# %%
def as_rows(texts, tokenizer, length):
    rows = [tokenizer.encode(f"\n{text}".ljust(length + 1, "\n")) for text in texts]
    return np.array(rows)[:, :-1], np.array(rows)[:, 1:]  # both (texts, length)


def write(model, tokenizer, length, temperature=1.0, count=1000):
    rng = np.random.default_rng(0)
    tokens = np.zeros((count, 1), dtype=int)  # the newline is token 0
    for _ in range(length):
        p = softmax(model(tokens)[:, -1], temperature)  # (count, V)
        ends = np.cumsum(p, axis=1)
        passed = ends < rng.random((count, 1)) * ends[:, -1:]
        tokens = np.column_stack([tokens, passed.sum(axis=1)])
    return [tokenizer.decode(row[1:]).split("\n")[0] for row in tokens]


def chances(model, texts, tokenizer, length):
    inputs, targets = as_rows(texts, tokenizer, length)
    p = softmax(model(inputs))  # (texts, length, V)
    p = np.take_along_axis(p, targets[:, :, None], axis=2)[:, :, 0]  # of the targets
    for row, text in zip(p, texts):
        row[len(text) + 1:] = 1  # behind its newline nothing counts
    return p.prod(axis=1, dtype=float)


def on_lists(sample, parts):
    read, kept = set(parts["read"]), set(parts["kept"])
    return sum(word in read for word in sample), sum(word in kept for word in sample)

# %% [markdown]
# Now one function for both lists. `learn` trains, with Adam, [warm-up and cosine](../transformer/training-a-gpt.md#schedule) and [clipping](../transformer/training-a-gpt.md#clipping); after each epoch it calls `look`. Another function, `study`, makes the model, and uses `look` to have it write a thousand words now and then, and to keep the chances of the words that it reads and of those it doesn't.

# %%
def learn(model, batches, validation, epochs, peak, look):
    def schedule(step):
        total = epochs * len(batches)
        return warmup_cosine(
            step, peak=peak, warmup_steps=50, total_steps=total, floor=peak / 20
        )

    def with_a_look(numbers):
        for epoch in bar(numbers):
            yield epoch  # and fit trains for an epoch
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
# ## Names { #names }
#
# Two blocks of width 32, twelve epochs. Before training the model writes letters at random, and its loss is close to $\ln 27$, [as it should be](../transformer/training-a-gpt.md#first-loss).
#
# !!! question "Predict before you read on"
#     In the end, how many of the thousand words will be names that it has read? How many will be among the 516 that were kept from it? Write down two numbers.

# %% alt="Training and validation loss over twelve epochs, two curves that fall together, steeply at first. At the end the training loss is a little lower."
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
# After an epoch there are vowels and consonants; after twelve, many of the inventions could be names. About one in eight is a name that it has read. But about one in a hundred is a real name that it has *not* read. It has read nine times as many as it hasn't, so if reading made no difference, there would be nine copies for each unread name. [Generation](../transformer/generation.md#copies) measures with the same ruler; we will get back to it, when we have a second model to hold it against.
#
# (The curves also count the easy newlines behind each name. Name by name, the loss is the one printed last; the two-block GPTs of [part II](../transformer/training-a-gpt.md#losses), as large and trained twice as long, had 1.95 and 1.94.)
#
# The temperature decides how often it plays safe:

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
# In the cold most words are copies, and many are written twice; but more of the unread names are found, too. What is likely is whatever resembles many names.
#
# ## What makes a name { #form }
#
# Whether an invention *sounds* like a name, we have to judge by ear. Here is something that can be counted. A model that knows [pairs of letters](../transformer/language-models.md#sampling), the bigrams, decides after every letter whether to stop, and can't know how long the name already is. How long are the names of the three: the real ones, the GPT's, and those written from a table of pairs?
#
# !!! question "Predict before you read on"
#     Real names have 6 letters on average. What will be the average of the pairs? Will there be names of one letter, of fifteen?

# %% alt="Shares of names of 1 to 16 letters, three lines. Real names and the model's are bells on top of each other, with the peak at six. The line of the pairs is low and wide, highest at two letters, and still above zero at sixteen."
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
# The pairs get the average right, and hardly any of the lengths. The GPT gets the whole distribution, because each letter sees its position and all letters before it. Nobody told it that names have a length.
#
# ## Idioms { #idioms }
#
# Now the same function with the other list: 1,515 different characters instead of 27, so a wider model, of a single block. The untrained loss is close to $\ln 1515$. Look at the samples as they come, even if you don't read Chinese: the counts say what a Chinese reader would notice.
#
# !!! question "Predict before you read on"
#     The model reads 1,350 idioms, 24 times each. Which of the four samples below will be the best? At which of the four is the validation loss lowest?

# %% alt="Training and validation loss over 24 epochs. The training loss falls from 7 to 1.6. The validation loss is lowest after two epochs, then rises without end, and crosses the dashed line of equally likely characters about halfway."
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
# Both sentences of the opening are true. To the eye the last sample is by far the best: most of its idioms are real. But these are copies. Of the 150 that were kept from it the model has found none, and of 4,500 rarer ones, which it hasn't read either, hardly any: the last line counts them. On these 150 its loss is lowest after about two epochs, when it writes nonsense, and from then on it rises, past that of a model that calls all characters equally likely. (And this average even includes the easy newline.) The model is certain of what it has learned by heart, and [a certain mistake is expensive](../neural-networks/loss-functions.md#surprise).
#
# Names and idioms were treated alike, so what is different? Hold both to the ruler. For each list we know how likely the model was, after each epoch, to write a word that it had read, and how likely to write one that was kept from it. If reading makes no difference, the two are equal.

# %% alt="Two plots on logarithmic scales, mean probability of a word over the epochs, one curve for words that were read and one for words kept from the model. Names: both curves rise together, close to each other. Idioms: both begin near 10 to the −10; the curve of the read ones climbs above 10 to the −4, that of the others stays below 10 to the −8."
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
# Each number is the ratio of the two probabilities after one of the epochs in the plot. A name that was read is at most about half again as likely as one that wasn't, and part of that is luck: the ratio is above 1 after the first epoch already, when nothing can have been learned by heart. (One tenth of the names can't be exactly as easy as the rest.) An idiom that was read becomes millions of times as likely.
#
# Why can't it find a new idiom? A name follows rules about few letters: there are 26, and each has been seen about a thousand times. A character of the idioms has been seen between three and four times on average, 5,400 places for 1,514 characters, and behind many of them is a story: to know that *guarding the stump* goes on with *waiting for a hare*, one has to have heard the story. What can't be derived has to be memorized. The very same program learned rules in one case and a list in the other; what decided is [how much there is to learn, and from how much](../neural-networks/generalization.md#overfitting).
#
# Early stopping would have chosen the model after two epochs. What does that one know? Count two things, how many idioms have exactly four characters, and how many have the same character first and third, as 一心一意 has. Compare with the real idioms, and with a shuffled deck: the first characters of all idioms shuffled, and the second, third and fourth likewise, so that each character stands in a right place and nothing fits together.

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
# After two epochs most idioms have four characters, but first and third agree no more often than in the shuffled deck. The best model, by the loss, has learned how long an idiom is and which characters stand where. It hasn't learned that idioms echo, a rule that would hold for unread ones as well. After 24 epochs it echoes, and not only in what it copies: the last line, too, is above the shuffled deck. Along with the list it has picked up a rule. That doesn't save its loss on unread idioms, for it has become far too certain of everything else.
#
# ## The book reads itself { #book }
#
# The third text is the one that you are reading. The pages of the book stand in its repository, beside the package; of its chapters we take the sentences that have no formulas, and leave out all code. Every tenth page is kept from the model. When the pages change, your numbers will differ from those you see here.
#
# What should a token be? For Chinese, a character. For English, letters would make the text nearly three times as long, so we take [byte pairs](../transformer/tokens.md#bpe) with 500 merges; a token of either kind then carries [about as much](../transformer/tokens.md#languages).

# %%
folder = Path(scratchml.__file__).parents[1] / "docs" / words["language"]


def prose(markdown):
    kept = []
    for line in re.sub(r"(?s)```.*?```|\$\$.*?\$\$", "", markdown).split("\n"):
        line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)  # a link is its words
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
# Running text has no rows, so here the batches are [windows from random places](../transformer/training-a-gpt.md#stream), of 48 tokens. Two blocks of width 64, 600 steps.

# %% alt="Training and validation loss of the book's model over six stretches of 100 steps. Both fall together, ever more slowly; in the end the validation loss is a little higher."
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
# First bytes and characters at random; then the most frequent words; in the end short phrases of this book, and a grammar that holds for a few words. None of it means anything. (¶ is the end of a line, � a byte that by itself is no character.) A longer text, at two temperatures:

# %%
essays = {temperature: compose(1500, temperature, 1) for temperature in [0.4, 1.0]}
for temperature, essay in essays.items():
    print(words["temperature"], temperature)
    print(as_shown(essay, 400))

# %% [markdown]
# For a running text “is it on the list” is no question. Instead, cut it into all its runs of $n$ characters, and see what share of them stands somewhere in the pages that the model has read. Short runs do, in any text. So do the same with the pages that the model hasn't read: that is how often this book repeats itself.
#
# !!! question "Predict before you read on"
#     At which temperature will it copy more than the book repeats itself? At 0.4, at 1, at both, at neither?

# %% alt="Share of runs that stand in the read pages, over the length of a run from 1 to 25 characters, three falling curves. For short runs the curve of temperature 0.4 is the highest, that of the unread pages lies in between, and that of temperature 1 is the lowest. At the right end all are near zero."
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
# At temperature 1 the model copies less than the book does: its slips break every longer run. At 0.4 it takes the beaten path, and for runs of some characters that path is more beaten than the book's. It copies phrases, not passages; for more, 600 steps are too few. (The longest run of the unread pages is one that the book did repeat, or a quotation.)
#
# ## Summary { #summary }
#
# Three models were trained by the same few lines. One learned how names are made, one a list by heart, one the phrases of this book; from the samples alone you couldn't have told which was which, because what was copied looks best. Counting does: what was read, what was kept back, and what chance would give. The number to remember is 0, the unread idioms among a thousand, most of which are real.
#
# ## Explorations { #explorations }
#
# These have no solutions. Download the notebook, and change the cells.
#
# !!! example "1 Forbid the memory"
#     The package's own idioms model was trained with a weight decay of 3. Give `Adam` in `learn` such a `weight_decay`, and study the idioms again. What becomes of the copies, of the validation loss, and of the samples? Is there a value at which the model finds an idiom that it hasn't read?

# %%
print(words["loss"], f"{history.validation_loss[-1]:.2f}")

# %% [markdown]
# !!! example "2 A list of your own"
#     Towns, dishes, plants, the names of stars: take a list of at least a few hundred words, keep a tenth back, and hold the model to the ruler. How does the ratio depend on the length of the list? Start by giving the model only 500 of the names to read.

# %%
short = {"read": lists["names"]["read"][:500], "kept": lists["names"]["kept"]}
print(*[f"{len(texts)} {words[part]}" for part, texts in short.items()])

# %% [markdown]
# !!! example "3 Go on from here"
#     Let the models continue what you began: a name from its first letters, an idiom from its first character, a sentence of this book. For the idioms compare the model with one that you stop after two epochs. Which beginnings lead into a copy for certain?

# %%
start = letters.encode("\nk")
for seed in range(5):
    name = letters.decode(generate(namer, start, 11, rng=seed))
    print("k" + name.split("\n")[0])

# %% [markdown]
# !!! example "4 A night of training"
#     Give the book's model ten times as many steps, or a width of 128, and let it run while you sleep. When does the validation loss start to rise? When does the curve at temperature 1 rise above the book's own?

# %%
print(author)

# %% [markdown]
# ## Further reading { #references }
#
# - R. Thomas McCoy, Paul Smolensky, Tal Linzen, Jianfeng Gao and Asli Celikyilmaz, [How Much Do Language Models Copy From Their Training Data?](https://arxiv.org/abs/2111.09509) (2021; TACL 2023). Runs of words counted as here, for GPT-2, with passages of more than a thousand words among the copies.
# - Nicholas Carlini et al., [Quantifying Memorization Across Neural Language Models](https://arxiv.org/abs/2202.07646) (2022). How copying grows with the model, with repetitions in the data, and with the length of the prompt.
# - Andrej Karpathy, [makemore](https://github.com/karpathy/makemore) (2022). A list of names in, more names out, with models from bigrams to a Transformer.
