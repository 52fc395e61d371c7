"""What the book grew from teaches, section by section, and the headings that teach it here: none may be lost.

The first column is a fact in our own words, in the order of the two source texts; the others are the sections that teach it,
or, where the source is mistaken, the entry that sets it right.
"""

from pathlib import Path

from tests.book.page import LANGUAGES, ROOT, Problem, read_book
from tests.book.references import anchors

I, II, III, ERRATA = "neural-networks/", "transformer/", "beyond/", "appendix/errata"

ARTICLE: list[tuple[str, list[str]]] = [
    ("why one builds it from scratch, with ready-made frameworks at hand", ["index#book", f"{III}where-next#open"]),
    ("machine learning: finding rules in data, without writing them", [f"{I}machine-learning#rules", f"{I}machine-learning#fields"]),
    ("whether it imitates human cognition", [f"{ERRATA}#human-cognition", f"{I}machine-learning#limits"]),
    ("generalization: doing well on what one hasn't seen", [f"{I}machine-learning#memorizing", f"{I}generalization#gap"]),
    ("networks as one model among many", [f"{I}machine-learning#fields"]),
    ("biology as an inspiration", [f"{I}neurons-and-layers#biology"]),
    ("a neuron: weighted sum, bias, activation", [f"{I}neurons-and-layers#weighted-sum"]),
    ("input layer, hidden layers, output layer", [f"{I}neurons-and-layers#layers"]),
    ("what weight and bias stand for", [f"{ERRATA}#weight-and-importance", f"{I}neurons-and-layers#shift-and-steepen"]),
    ("sigmoid and ReLU, and why ReLU against vanishing gradients", [f"{I}activation-functions#shapes", f"{I}activation-functions#vanishing"]),
    ("mean squared error", [f"{I}loss-functions#squared-error"]),
    ("gradients of the loss, and steps against them", [f"{I}gradient-descent#downhill"]),
    ("the chain rule, from the last layer to the first", [f"{I}backpropagation#chain-rule", f"{I}backpropagation-algorithm#algorithm"]),
    ("does every adjustment reduce the error, by the exact amount?", [f"{ERRATA}#exact-adjustment", f"{ERRATA}#every-step"]),
    ("a gradient's size as sensitivity", [f"{I}gradient-descent#sensitivity"]),
    ("a network in numpy: forward, backward, update", [f"{I}network-from-scratch#program"]),
    ("convergence", [f"{I}gradient-descent#one-number"]),
    ("initialization of weights and biases", [f"{I}network-from-scratch#scale", f"{I}training#initialization"]),
    ("black boxes, and why they are worth opening", [f"{I}debugging#inside", f"{III}where-next#open"]),
    ("finding mistakes, trying activations and losses", [f"{I}debugging#checks", f"{I}debugging#comparing"]),
    ("Transformers for language and images", [f"{II}overview#applications", f"{III}vision-transformer#model"]),
    ("attention as relevance between elements of a sequence", [f"{II}attention#weighted-mean"]),
    ("queries, keys, values and dot products", [f"{II}attention#query-key-value"]),
    ("heads that look at different things", [f"{II}multi-head-attention#two-heads"]),
    ("concatenation and a linear map", [f"{II}multi-head-attention#concatenation", f"{II}multi-head-attention#output-projection"]),
    ("positional encoding, since order is lost", [f"{II}positional-encoding#order"]),
    ("recurrence, and what waits for what", [f"{II}overview#recurrence", f"{ERRATA}#older-attention"]),
    ("softmax makes weights of scores", [f"{II}attention#scores"]),
    ("temperature, high and low", [f"{II}softmax-and-temperature#temperature"]),
    ("masks keep the future out", [f"{II}masking#later"]),
    ("data, model and algorithm", [f"{I}machine-learning#learning"]),
    ("what a business needs: what a mistake costs", [f"{I}training#use", f"{I}generalization#in-practice"]),
    ("open source and computing power", [f"{III}where-next#open"]),
]

TUTORIAL: list[tuple[str, list[str]]] = [
    ("layers of neurons, each with an activation", [f"{I}neurons-and-layers#layers"]),
    ("every neuron is connected to all of the next layer", [f"{I}neurons-and-layers#layers"]),
    ("the weighted sum as a formula", [f"{I}neurons-and-layers#weighted-sum"]),
    ("the bias shifts the activation function", [f"{I}neurons-and-layers#shift-and-steepen", f"{ERRATA}#bias-and-sensitivity"]),
    ("sigmoid, ReLU, and ReLU in Python", [f"{I}activation-functions#shapes", f"{I}activation-functions#bend"]),
    ("forward propagation, layer by layer", [f"{I}forward-propagation#by-hand", f"{I}forward-propagation#layers"]),
    ("the loss: squared differences", [f"{I}loss-functions#squared-error", f"{ERRATA}#loss-and-slope"]),
    ("the smaller the loss, the better?", [f"{ERRATA}#smaller-loss"]),
    ("gradient descent and backpropagation, and how they work together", [f"{I}gradient-descent#downhill", f"{I}backpropagation#step"]),
    ("the negative gradient is the fastest way down", [f"{I}gradient-descent#downhill"]),
    ("relative proportions of the changes; 3.2 and 0.1", [f"{I}gradient-descent#sensitivity", f"{ERRATA}#thirty-two-times"]),
    ("three ways to change an activation", [f"{I}backpropagation#three-ways"]),
    ("the chain rule ∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w", [f"{I}backpropagation#chain-rule"]),
    ("Neuron, Layer, NeuralNetwork in Python", [f"{I}network-from-scratch#program", f"{ERRATA}#differences"]),
    ("the update before the gradient is handed back", [f"{ERRATA}#gradient-before-update"]),
    ("numbers in, arrays of numbers through the layers, a distribution out", [f"{II}overview#task", f"{II}overview#map"]),
    ("tokens: pieces of text, sound or images", [f"{II}tokens#words", f"{II}tokens#other-tokens"]),
    ("vectors as coordinates: similar words are close", [f"{II}embeddings#similarity"]),
    ("distributional semantics", [f"{II}embeddings#similarity"]),
    ("a vocabulary, fixed beforehand", [f"{II}tokens#size"]),
    ("the embedding matrix, a row or a column for each word", [f"{II}embeddings#lookup", f"{ERRATA}#row-or-column"]),
    ("12,288 dimensions", [f"{II}embeddings#dimensions"]),
    ("man, woman, king, queen", [f"{II}embeddings#analogy", f"{ERRATA}#king-and-queen"]),
    ("the dot product measures alignment", [f"{II}embeddings#similarity", f"{ERRATA}#dot-product-and-length"]),
    ("a vector is the same in every context, until attention updates it", [f"{II}attention#changes"]),
    ("a fixed vector for each position is added", [f"{II}positional-encoding#sinusoids", f"{II}positional-encoding#adding"]),
    ("unembedding: the last vector becomes 50k scores", [f"{II}softmax-and-temperature#unembedding", f"{ERRATA}#unembedding-matrix"]),
    ("softmax, with [2, 4, 5]", [f"{II}generation#top-p", f"{ERRATA}#softmax-range"]),
    ("temperature, and texts that differ each time", [f"{ERRATA}#temperature-divides", f"{ERRATA}#temperature-and-variety"]),
    ("attention: looking at different parts of the input", [f"{II}attention#weighted-mean"]),
    ("attention scores", [f"{II}attention#scores", f"{ERRATA}#scores-or-weights"]),
    ("the last vector: from one word's embedding to a summary", [f"{II}gpt#last-vector", f"{ERRATA}#final-vector"]),
    ("a noun takes in its adjective", [f"{II}attention#query-key-value"]),
    ("the query as a question, the key as what it is compared with", [f"{II}attention#query-key-value"]),
    ("“cat” looks at “sat”", [f"{ERRATA}#cat-looks-at-sat"]),
    ("a token looks at itself, too", [f"{II}masking#later"]),
    ("the seven steps, and the root in them", [f"{II}attention#steps", f"{II}attention#scale", f"{ERRATA}#queries-from-embeddings"]),
    ("matrices that start at random", [f"{II}attention#learned"]),
    ("−∞ for later tokens", [f"{II}masking#later", f"{ERRATA}#older-tokens"]),
    ("one example is many", [f"{II}masking#prefixes", f"{ERRATA}#every-subsequence"]),
    ("masks, in training only?", [f"{ERRATA}#not-only-training"]),
    ("the value: what is handed on", [f"{II}attention#query-key-value", f"{ERRATA}#added-to-the-next-word"]),
    ("many heads in parallel, each with matrices of its own", [f"{II}multi-head-attention#two-heads", f"{ERRATA}#head-slices"]),
    ("why concatenate, and why a last linear map", [f"{II}multi-head-attention#output-projection", f"{ERRATA}#restore-dimension"]),
    ("what the attention blocks leave out", [f"{ERRATA}#attention-only", f"{II}transformer-block#feed-forward"]),
]


def problems(root: Path = ROOT, table: list[tuple[str, list[str]]] | None = None) -> list[Problem]:
    """The facts whose section is missing, in either language."""
    pages = {(page.language, page.name): page for page in read_book(root)}
    found = []
    for fact, places in ARTICLE + TUTORIAL if table is None else table:
        for language in LANGUAGES:
            for place in places:
                name, _, anchor = place.partition("#")
                page = pages.get((language, name))
                if page is None or anchor not in anchors(page):
                    cure = "teach it there, or name in tests/book/coverage.py the section that does"
                    found.append(Problem(f"docs/{language}/{name}.md", 1, f"no #{anchor}, which teaches “{fact}”; {cure}"))
    return found
