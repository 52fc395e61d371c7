"""The package beside PyTorch: same inputs, same parameters, so the same outputs, losses and gradients.

pytorch/make_references.py has asked PyTorch; pytorch/references.npz is what it said.
"""

import ast
import json
import math
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scratchml import (
    GELU,
    GPT,
    CrossEntropy,
    Embedding,
    GPTConfig,
    LayerNorm,
    LearnedPositions,
    Linear,
    MultiHeadAttention,
    SelfAttention,
    TransformerBlock,
    activations,
    attention,
    causal_mask,
    cross_entropy,
    cross_entropy_gradient,
    positional_encoding,
    softmax,
    transformer,
)
from tests.package.pytorch.parameter_names import in_scratchml, in_the_file

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

HERE = Path(__file__).parent
WITHOUT_PYTORCH = {"benchmarks.names", "benchmarks.training_a_gpt"}
#: dtype → how far a number may be from PyTorch's, as a share of the largest number of its array
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


def read_references():
    """case → what → array, what PyTorch was given and what it said."""
    packed = np.load(HERE / "pytorch" / "references.npz")
    references = defaultdict(dict)
    for name, (dtype, start, shape) in json.loads(str(packed["index"])).items():
        case, _, what = name.partition("/")
        references[case][what] = packed[dtype][start : start + math.prod(shape)].reshape(shape)
    return dict(references)


REFERENCES = read_references()


def those_of(case, place):
    """The arrays of a case whose names begin so, without that beginning."""
    return {
        what.removeprefix(place + "/"): array
        for what, array in REFERENCES[case].items()
        if what.startswith(place + "/")
    }


def parameters_of(case):
    return {in_scratchml(name): array for name, array in those_of(case, "parameters").items()}


def compare_gradients(layer, expected, dtype):
    expected = {in_scratchml(name.removeprefix("gradients/")): array for name, array in expected.items()}
    for name, parameter in layer.named_parameters():
        assert_close(parameter.gradient, expected.pop(name), dtype, f"the gradient of {name}")
    assert not expected, "these haven't been compared"


def assert_close(got, expected, dtype, what):
    assert (np.shape(got), np.asarray(got).dtype) == (expected.shape, expected.dtype), what
    assert expected.dtype == dtype, what
    off = np.abs(got - expected).max() / np.abs(expected).max()
    assert off <= TOLERANCES[dtype], f"{what} is off by {off:.2g} of its largest entry"


#: case → (dtype → the layer, what its forward takes beside x)
LAYERS = {
    "GELU": (lambda dtype: GELU(), ()),
    "LayerNorm": (lambda dtype: LayerNorm(6).to(dtype), ()),
    "Embedding": (lambda dtype: Embedding(7, 6, rng=0).to(dtype), ()),
    "Linear": (lambda dtype: Linear(6, 3, rng=0).to(dtype), ()),
    "SelfAttention": (lambda dtype: SelfAttention(6, rng=0).to(dtype), (causal_mask(5),)),
    "MultiHeadAttention": (lambda dtype: MultiHeadAttention(6, 2, rng=0).to(dtype), (causal_mask(5),)),
    "TransformerBlock, gelu": (
        lambda dtype: TransformerBlock(6, 2, activation="gelu", rng=0).to(dtype),
        (causal_mask(5),),
    ),
    "TransformerBlock, relu": (
        lambda dtype: TransformerBlock(6, 2, activation="relu", rng=0).to(dtype),
        (causal_mask(5),),
    ),
}
FUNCTIONS = ["scaled_dot_product_attention", "scaled_dot_product_attention, masked"]
GPTS = ["GPT, learned, gelu, untied", "GPT, sinusoidal, relu, tied"]


def compare_layer(case, dtype):
    make, more = LAYERS[case]
    layer, expected = make(dtype), those_of(case, dtype)
    layer.load_state(parameters_of(case))
    ((name, x),) = those_of(case, "inputs").items()
    x = x.astype(dtype) if x.dtype.kind == "f" else x
    assert_close(layer.forward(x, *more), expected.pop("outputs"), dtype, "the output")
    if "weights" in expected:
        assert_close(layer.last_weights, expected.pop("weights"), dtype, "the weights of attention")
    if name == "tokens":
        layer.backward_to_parameters(REFERENCES[case]["slopes"])
    else:
        assert_close(
            layer.backward(REFERENCES[case]["slopes"]), expected.pop("gradients/x"), dtype, "the gradient of x"
        )
    compare_gradients(layer, expected, dtype)


def compare_function(case, dtype):
    inputs, expected = those_of(case, "inputs"), those_of(case, dtype)
    mask = inputs.pop("mask", None)
    inputs = {name: array.astype(dtype) for name, array in inputs.items()}
    outputs, weights = attention.scaled_dot_product_attention(**inputs, mask=mask)
    assert_close(outputs, expected.pop("outputs"), dtype, "the output")
    gradients = attention.attention_gradients(REFERENCES[case]["slopes"].astype(dtype), **inputs, weights=weights)
    for name, gradient in zip(inputs, gradients, strict=True):
        assert_close(gradient, expected.pop(f"gradients/{name}"), dtype, f"the gradient of {name}")
    assert not expected, "these haven't been compared"


def compare_cross_entropy(case, dtype):
    inputs, expected = those_of(case, "inputs"), those_of(case, dtype)
    labels, logits, loss = inputs["labels"], inputs["logits"].astype(dtype), CrossEntropy()
    assert_close(softmax(logits), expected["probabilities"], dtype, "softmax")
    for number in (cross_entropy(labels, logits), loss.forward(labels, logits)):
        assert_close(np.asarray(number, dtype), expected["loss"], dtype, "the loss")
    for gradient in (cross_entropy_gradient(labels, logits), loss.backward()):
        assert_close(gradient, expected["gradients/logits"], dtype, "the gradient of the logits")


def compare_positions(case, dtype):
    assert_close(positional_encoding.sinusoidal_positions(20, 6), REFERENCES[case][""], "float64", "the positions")


def compare_gpt(case, dtype):
    expected = those_of(case, dtype)
    model = GPT(replace(GPTConfig(**json.loads(REFERENCES[case]["config"].tobytes())), dtype=dtype), rng=1)
    model.load_state(parameters_of(case))
    tokens, targets = (REFERENCES[case][f"inputs/{name}"] for name in ("tokens", "targets"))
    logits, loss = model.forward(tokens), CrossEntropy()
    assert_close(logits, expected.pop("logits"), dtype, "the logits")
    assert_close(np.asarray(loss.forward(targets, logits), dtype), expected.pop("loss"), dtype, "the loss")
    model.backward(loss.backward())
    compare_gradients(model, expected, dtype)


#: case → how to compare it
COMPARISONS = (
    dict.fromkeys(LAYERS, compare_layer) | dict.fromkeys(FUNCTIONS, compare_function) | dict.fromkeys(GPTS, compare_gpt)
)
COMPARISONS |= {"cross_entropy": compare_cross_entropy, "sinusoidal_positions": compare_positions}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("case", COMPARISONS)
def test_outputs_and_gradients_are_those_of_pytorch(case, dtype):
    COMPARISONS[case](case, dtype)


def test_every_reference_is_compared():
    assert REFERENCES.keys() == COMPARISONS.keys()


def test_the_script_would_write_the_names_that_are_in_the_file():
    for case in GPTS:
        for name in those_of(case, "parameters"):
            assert in_the_file(in_scratchml(name)) == name


# The comparison sees what the gradient check can't: a mistake that forward and backward agree on, since the wrong function's
# slopes are right. A mistake is one place of the package's source, changed.

ATTENTION, FUNCTION = "MultiHeadAttention", "scaled_dot_product_attention, masked"
SDPA = (attention, "scaled_dot_product_attention")
MISTAKES = {
    "attention: no 1/√D": (FUNCTION, *SDPA, "query / math.sqrt(query.shape[-1])", "query"),
    "attention: 1/D for 1/√D": (FUNCTION, *SDPA, "math.sqrt(query.shape[-1])", "query.shape[-1]"),
    "attention: 1/√T for 1/√D": (ATTENTION, *SDPA, "math.sqrt(query.shape[-1])", "math.sqrt(query.shape[-2])"),
    "attention: softmax over the queries": (
        "scaled_dot_product_attention",
        *SDPA,
        "softmax_in_place(scores)",
        "softmax_in_place(np.moveaxis(scores, -2, -1).copy()).swapaxes(-2, -1)",
    ),
    "attention: softmax over the heads": (
        "scaled_dot_product_attention",
        *SDPA,
        "softmax_in_place(scores)",
        "np.moveaxis(softmax_in_place(np.moveaxis(scores, 1, -1).copy()), -1, 1)",
    ),
    "attention: keys and queries exchanged": (
        ATTENTION,
        *SDPA,
        "query / math.sqrt(query.shape[-1]) @ key.swapaxes(-1, -2)",
        "key / math.sqrt(query.shape[-1]) @ query.swapaxes(-1, -2)",
    ),
    "attention: no mask": (FUNCTION, *SDPA, "if mask is not None", "if False"),
    "attention: the mask hides what it should show": (
        ATTENTION,
        *SDPA,
        "-np.inf, where=~allowed",
        "-1e9, where=allowed",
    ),
    "attention: a masked score becomes 0": (
        ATTENTION,
        *SDPA,
        "np.copyto(scores, -np.inf, where",
        "np.copyto(scores, 0, where",
    ),
    "attention: weights don't add up the values": (
        ATTENTION,
        *SDPA,
        "return weights @ value",
        "return weights.swapaxes(-1, -2) @ value",
    ),
    "heads: rows of tokens for columns": (
        ATTENTION,
        MultiHeadAttention,
        "_split_heads",
        "x.reshape(*x.shape[:-1], self.num_heads, self.head_dim).swapaxes(-2, -3)",
        "x.reshape(*x.shape[:-2], self.num_heads, x.shape[-2], self.head_dim)",
    ),
    "heads: every other column": (
        ATTENTION,
        MultiHeadAttention,
        "_split_heads",
        "self.num_heads, self.head_dim).swapaxes(-2, -3)",
        "self.head_dim, self.num_heads).swapaxes(-1, -2).swapaxes(-2, -3)",
    ),
    "heads: joined without swapping": (
        ATTENTION,
        MultiHeadAttention,
        "_join_heads",
        "x = x.swapaxes(-2, -3)\n    return x.reshape(*x.shape[:-2], self.embedding_dim)",
        "return x.reshape(*x.shape[:-3], x.shape[-2], self.embedding_dim)",
    ),
    "heads: no output matrix": (
        ATTENTION,
        MultiHeadAttention,
        "_forward",
        "matmul(joined, self.W_o.value)",
        "joined",
    ),
    "block: normalization after the layer": (
        "TransformerBlock, gelu",
        TransformerBlock,
        "_forward",
        "self.attention(self.attention_norm(x), mask, cache=cache)",
        "self.attention_norm(self.attention(x, mask, cache=cache))",
    ),
    "block: no residual around attention": (
        "TransformerBlock, gelu",
        TransformerBlock,
        "_forward",
        "x = x + self.attention(",
        "x = self.attention(",
    ),
    "block: no residual around the feed-forward layer": (
        "TransformerBlock, relu",
        TransformerBlock,
        "_forward",
        "x = x + self.feed_forward(",
        "x = self.feed_forward(",
    ),
    "block: the feed-forward layer sees the input of attention": (
        "TransformerBlock, relu",
        TransformerBlock,
        "_forward",
        "x = x + self.attention(self.attention_norm(x), mask, cache=cache)\n    x = x + self.feed_forward(self.feed_forward_norm(x))",
        "first, x = x, x + self.attention(self.attention_norm(x), mask, cache=cache)\n    x = x + self.feed_forward(self.feed_forward_norm(first))",
    ),
    "LayerNorm: ε outside the root": (
        "LayerNorm",
        LayerNorm,
        "_forward",
        "np.sqrt(row_variance(x_hat) + self.epsilon)",
        "(np.sqrt(row_variance(x_hat)) + self.epsilon)",
    ),
    "LayerNorm: the mean isn't taken away": ("LayerNorm", LayerNorm, "_forward", "x - row_mean(x)", "x.copy()"),
    "GELU: another constant": (
        "GELU",
        activations,
        "gelu_and_slope",
        "square * (0.044715",
        "square * (0.04715",
    ),
    "GELU: the sigmoid form": (
        "GELU",
        activations,
        "gelu_and_slope",
        "np.tanh(phi, out=phi)",
        "np.tanh(0.851 * z, out=phi)",
    ),
    "Embedding: the token after": (
        "Embedding",
        Embedding,
        "_forward",
        "self.weights.value[tokens]",
        "self.weights.value[tokens - 1]",
    ),
    "cross-entropy: a mean over the classes too": (
        "cross_entropy",
        CrossEntropy,
        "_forward",
        "/ len(labels)",
        "/ logits.size",
    ),
    "positions: i for 2i": (
        "sinusoidal_positions",
        positional_encoding,
        "sinusoidal_positions",
        "-np.arange(0, embedding_dim, 2)",
        "-np.arange(embedding_dim // 2)",
    ),
    "positions: cosines first": (
        "sinusoidal_positions",
        positional_encoding,
        "sinusoidal_positions",
        "np.sin(angles), np.cos(angles)",
        "np.cos(angles), np.sin(angles)",
    ),
    "positions: from 1": (
        "sinusoidal_positions",
        positional_encoding,
        "sinusoidal_positions",
        "np.arange(length)",
        "np.arange(1, length + 1)",
    ),
}
for gpt in GPTS:
    MISTAKES |= {
        f"{gpt}: a mask off by one, so that the next token is seen": (
            gpt,
            transformer,
            "causal_mask",
            "np.tri(length, ",
            "np.tri(length, k=1, ",
        ),
        f"{gpt}: a mask transposed": (
            gpt,
            transformer,
            "causal_mask",
            "np.tri(length, dtype=bool)",
            "np.tri(length, dtype=bool).T",
        ),
        f"{gpt}: no mask": (gpt, GPT, "_forward", "block(x, mask", "block(x, None"),
        f"{gpt}: no positions": (
            gpt,
            GPT,
            "_forward",
            "x = self.positions(x, start)",
            "",
        ),
        f"{gpt}: the positions of the last tokens": (
            gpt,
            GPT,
            "_forward",
            "self.positions(x, start)",
            "self.positions(x, self.config.context_length - tokens.shape[-1])",
        ),
        f"{gpt}: no final normalization": (gpt, GPT, "_forward", "x = self.final_norm(x)", ""),
        f"{gpt}: the first block only": (gpt, GPT, "_forward", "in self.blocks", "in self.blocks[:1]"),
    }
MISTAKES["GPT: tied weights that aren't"] = (
    GPTS[1],
    GPT,
    "__init__",
    "= self.token_embedding.weights",
    "= Parameter(self.token_embedding.weights.value)",
)
CHOICE = 'GELU() if activation == "gelu" else ReLU()'
MISTAKES["GPT: relu for gelu"] = (GPTS[0], transformer.FeedForward, "__init__", CHOICE, "ReLU()")
MISTAKES["GPT: gelu for relu"] = (GPTS[1], transformer.FeedForward, "__init__", CHOICE, "GELU()")
MISTAKES["GPT: sinusoids where positions are learned"] = (
    GPTS[0],
    LearnedPositions,
    "_forward",
    "x + self.weights.value[places]",
    "x + sinusoidal_positions(*self.weights.value.shape)[places].astype(x.dtype)",
)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_that_forward_and_backward_share_is_seen(mistake, dtype, plant):
    case, *place = MISTAKES[mistake]
    COMPARISONS[case](case, dtype)
    plant(*place)
    with np.errstate(all="ignore"), pytest.raises((AssertionError, ValueError)):
        COMPARISONS[case](case, dtype)


def test_a_mask_off_by_one_the_other_way_leaves_the_first_token_nothing_to_look_at(plant):
    plant(transformer, "causal_mask", "np.tri(length, ", "np.tri(length, k=-1, ")
    with pytest.raises(ValueError, match="got none in row 0"):
        compare_gpt(GPTS[0], "float64")


# PyTorch itself is for the script.


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def test_no_test_imports_pytorch_and_pytest_does_not_collect_the_script_that_does():
    paths = HERE.parent.rglob("*.py")
    scripts = {
        path.name
        for path in paths
        if any(
            name.split(".")[0] in ("torch", "benchmarks") and name not in WITHOUT_PYTORCH
            for name in imported_modules(path)
        )
    }
    assert scripts == {"make_references.py"}
    assert not re.match(r"test_.*|.*_test\.py$|conftest", "make_references.py")


def test_the_references_are_small():
    assert (HERE / "pytorch" / "references.npz").stat().st_size < 150_000
