"""What the book grew from teaches, section by section, and the headings that teach it here: none may be lost.

The first column is a fact in our own words, in the order of the two source texts; the others are the sections that teach it,
or, where the source is mistaken, the entry that sets it right.
"""

from pathlib import Path

from tests.book.page import LANGUAGES, ROOT, Problem, read_book
from tests.book.references import anchors

NETWORKS, TRANSFORMER, BEYOND, ERRATA = "neural-networks", "transformer", "beyond", "appendix/errata"

ARTICLE: list[tuple[str, list[str]]] = [
    ("why one builds it from scratch, with ready-made frameworks at hand", ["index#book", f"{BEYOND}/where-next#open"]),
    (
        "machine learning: finding rules in data, without writing them",
        [f"{NETWORKS}/machine-learning#rules", f"{NETWORKS}/machine-learning#fields"],
    ),
    ("whether it imitates human cognition", [f"{ERRATA}#human-cognition", f"{NETWORKS}/machine-learning#limits"]),
    (
        "generalization: doing well on what one hasn't seen",
        [f"{NETWORKS}/machine-learning#memorizing", f"{NETWORKS}/generalization#gap"],
    ),
    ("networks as one model among many", [f"{NETWORKS}/machine-learning#fields"]),
    ("biology as an inspiration", [f"{NETWORKS}/neurons-and-layers#biology"]),
    ("a neuron: weighted sum, bias, activation", [f"{NETWORKS}/neurons-and-layers#weighted-sum"]),
    ("input layer, hidden layers, output layer", [f"{NETWORKS}/neurons-and-layers#layers"]),
    (
        "what weight and bias stand for",
        [f"{ERRATA}#weight-and-importance", f"{NETWORKS}/neurons-and-layers#shift-and-steepen"],
    ),
    (
        "sigmoid and ReLU, and why ReLU against vanishing gradients",
        [f"{NETWORKS}/activation-functions#shapes", f"{NETWORKS}/activation-functions#vanishing"],
    ),
    ("mean squared error", [f"{NETWORKS}/loss-functions#squared-error"]),
    ("gradients of the loss, and steps against them", [f"{NETWORKS}/gradient-descent#downhill"]),
    (
        "the chain rule, from the last layer to the first",
        [f"{NETWORKS}/backpropagation#chain-rule", f"{NETWORKS}/backpropagation-algorithm#algorithm"],
    ),
    (
        "does every adjustment reduce the error, by the exact amount?",
        [f"{ERRATA}#exact-adjustment", f"{ERRATA}#every-step"],
    ),
    ("a gradient's size as sensitivity", [f"{NETWORKS}/gradient-descent#sensitivity"]),
    ("a network in numpy: forward, backward, update", [f"{NETWORKS}/network-from-scratch#program"]),
    ("convergence", [f"{NETWORKS}/gradient-descent#one-number"]),
    (
        "initialization of weights and biases",
        [f"{NETWORKS}/network-from-scratch#scale", f"{NETWORKS}/training#initialization"],
    ),
    ("black boxes, and why they are worth opening", [f"{NETWORKS}/debugging#inside", f"{BEYOND}/where-next#open"]),
    (
        "finding mistakes, trying activations and losses",
        [f"{NETWORKS}/debugging#checks", f"{NETWORKS}/debugging#comparing"],
    ),
    (
        "Transformers for language and images",
        [f"{TRANSFORMER}/overview#applications", f"{BEYOND}/vision-transformer#model"],
    ),
    ("attention as relevance between elements of a sequence", [f"{TRANSFORMER}/attention#weighted-mean"]),
    ("queries, keys, values and dot products", [f"{TRANSFORMER}/attention#query-key-value"]),
    ("heads that look at different things", [f"{TRANSFORMER}/multi-head-attention#two-heads"]),
    (
        "concatenation and a linear map",
        [f"{TRANSFORMER}/multi-head-attention#concatenation", f"{TRANSFORMER}/multi-head-attention#output-projection"],
    ),
    ("positional encoding, since order is lost", [f"{TRANSFORMER}/positional-encoding#order"]),
    ("recurrence, and what waits for what", [f"{TRANSFORMER}/overview#recurrence", f"{ERRATA}#older-attention"]),
    ("softmax makes weights of scores", [f"{TRANSFORMER}/attention#scores"]),
    ("temperature, high and low", [f"{TRANSFORMER}/softmax-and-temperature#temperature"]),
    ("masks keep the future out", [f"{TRANSFORMER}/masking#later"]),
    ("data, model and algorithm", [f"{NETWORKS}/machine-learning#learning"]),
    (
        "what a business needs: what a mistake costs",
        [f"{NETWORKS}/training#use", f"{NETWORKS}/generalization#in-practice"],
    ),
    ("open source and computing power", [f"{BEYOND}/where-next#open"]),
]

TUTORIAL: list[tuple[str, list[str]]] = [
    ("layers of neurons, each with an activation", [f"{NETWORKS}/neurons-and-layers#layers"]),
    ("every neuron is connected to all of the next layer", [f"{NETWORKS}/neurons-and-layers#layers"]),
    ("the weighted sum as a formula", [f"{NETWORKS}/neurons-and-layers#weighted-sum"]),
    (
        "the bias shifts the activation function",
        [f"{NETWORKS}/neurons-and-layers#shift-and-steepen", f"{ERRATA}#bias-and-sensitivity"],
    ),
    (
        "sigmoid, ReLU, and ReLU in Python",
        [f"{NETWORKS}/activation-functions#shapes", f"{NETWORKS}/activation-functions#bend"],
    ),
    (
        "forward propagation, layer by layer",
        [f"{NETWORKS}/forward-propagation#by-hand", f"{NETWORKS}/forward-propagation#layers"],
    ),
    ("the loss: squared differences", [f"{NETWORKS}/loss-functions#squared-error", f"{ERRATA}#loss-and-slope"]),
    ("the smaller the loss, the better?", [f"{ERRATA}#smaller-loss"]),
    (
        "gradient descent and backpropagation, and how they work together",
        [f"{NETWORKS}/gradient-descent#downhill", f"{NETWORKS}/backpropagation#step"],
    ),
    ("the negative gradient is the fastest way down", [f"{NETWORKS}/gradient-descent#downhill"]),
    (
        "relative proportions of the changes; 3.2 and 0.1",
        [f"{NETWORKS}/gradient-descent#sensitivity", f"{ERRATA}#thirty-two-times"],
    ),
    ("three ways to change an activation", [f"{NETWORKS}/backpropagation#three-ways"]),
    ("the chain rule ∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w", [f"{NETWORKS}/backpropagation#chain-rule"]),
    ("Neuron, Layer, NeuralNetwork in Python", [f"{NETWORKS}/network-from-scratch#program", f"{ERRATA}#differences"]),
    ("the update before the gradient is handed back", [f"{ERRATA}#gradient-before-update"]),
    (
        "numbers in, arrays of numbers through the layers, a distribution out",
        [f"{TRANSFORMER}/overview#task", f"{TRANSFORMER}/overview#map"],
    ),
    ("tokens: pieces of text, sound or images", [f"{TRANSFORMER}/tokens#words", f"{TRANSFORMER}/tokens#other-tokens"]),
    ("vectors as coordinates: similar words are close", [f"{TRANSFORMER}/embeddings#similarity"]),
    ("distributional semantics", [f"{TRANSFORMER}/embeddings#similarity"]),
    ("a vocabulary, fixed beforehand", [f"{TRANSFORMER}/tokens#size"]),
    (
        "the embedding matrix, a row or a column for each word",
        [f"{TRANSFORMER}/embeddings#lookup", f"{ERRATA}#row-or-column"],
    ),
    ("12,288 dimensions", [f"{TRANSFORMER}/embeddings#dimensions"]),
    ("man, woman, king, queen", [f"{TRANSFORMER}/embeddings#analogy", f"{ERRATA}#king-and-queen"]),
    (
        "the dot product measures alignment",
        [f"{TRANSFORMER}/embeddings#similarity", f"{ERRATA}#dot-product-and-length"],
    ),
    ("a vector is the same in every context, until attention updates it", [f"{TRANSFORMER}/attention#changes"]),
    (
        "a fixed vector for each position is added",
        [f"{TRANSFORMER}/positional-encoding#sinusoids", f"{TRANSFORMER}/positional-encoding#adding"],
    ),
    (
        "unembedding: the last vector becomes 50k scores",
        [f"{TRANSFORMER}/softmax-and-temperature#unembedding", f"{ERRATA}#unembedding-matrix"],
    ),
    ("softmax, with [2, 4, 5]", [f"{TRANSFORMER}/generation#top-p", f"{ERRATA}#softmax-range"]),
    (
        "temperature, and texts that differ each time",
        [f"{ERRATA}#temperature-divides", f"{ERRATA}#temperature-and-variety"],
    ),
    ("attention: looking at different parts of the input", [f"{TRANSFORMER}/attention#weighted-mean"]),
    ("attention scores", [f"{TRANSFORMER}/attention#scores", f"{ERRATA}#scores-or-weights"]),
    (
        "the last vector: from one word's embedding to a summary",
        [f"{TRANSFORMER}/gpt#last-vector", f"{ERRATA}#final-vector"],
    ),
    ("a noun takes in its adjective", [f"{TRANSFORMER}/attention#query-key-value"]),
    ("the query as a question, the key as what it is compared with", [f"{TRANSFORMER}/attention#query-key-value"]),
    ("“cat” looks at “sat”", [f"{ERRATA}#cat-looks-at-sat"]),
    ("a token looks at itself, too", [f"{TRANSFORMER}/masking#later"]),
    (
        "the seven steps, and the root in them",
        [f"{TRANSFORMER}/attention#steps", f"{TRANSFORMER}/attention#scale", f"{ERRATA}#queries-from-embeddings"],
    ),
    ("matrices that start at random", [f"{TRANSFORMER}/attention#learned"]),
    ("−∞ for later tokens", [f"{TRANSFORMER}/masking#later", f"{ERRATA}#older-tokens"]),
    ("one example is many", [f"{TRANSFORMER}/masking#prefixes", f"{ERRATA}#every-subsequence"]),
    ("masks, in training only?", [f"{ERRATA}#not-only-training"]),
    ("the value: what is handed on", [f"{TRANSFORMER}/attention#query-key-value", f"{ERRATA}#added-to-the-next-word"]),
    (
        "many heads in parallel, each with matrices of its own",
        [f"{TRANSFORMER}/multi-head-attention#two-heads", f"{ERRATA}#head-slices"],
    ),
    (
        "why concatenate, and why a last linear map",
        [f"{TRANSFORMER}/multi-head-attention#output-projection", f"{ERRATA}#restore-dimension"],
    ),
    (
        "what the attention blocks leave out",
        [f"{ERRATA}#attention-only", f"{TRANSFORMER}/transformer-block#feed-forward"],
    ),
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
                    found.append(
                        Problem(f"docs/{language}/{name}.md", 1, f"no #{anchor}, which teaches “{fact}”; {cure}")
                    )
    return found
