"""What PyTorch says: inputs and parameters, and the outputs, losses and gradients that it computes from them.

    OMP_NUM_THREADS=1 PYTHON -m tests.package.pytorch.make_references

from the root of the repository, with a Python that has PyTorch; the one that runs the tests needn't have it. Everything goes
to references.npz beside this file, and test_against_pytorch.py compares the package with that.

The numbers that go in are stored once, as float32, which both widths hold exactly; what comes out is stored as float64 and
as float32, each as PyTorch computes it in that width. Parameters have the shapes that they have in `scratchml`, and the
names that parameter_names.py turns into those.
"""

import functools
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from benchmarks.pytorch_gpt import PyTorchGPT
from scratchml import GPT, GPTConfig
from tests.package.pytorch.parameter_names import in_the_file

REFERENCES = Path(__file__).with_name("references.npz")
B, T, C, H, V = 2, 5, 6, 2, 7  # batch, time, channels, heads, vocabulary
FUTURE = torch.ones(T, T, dtype=torch.bool).triu(1)  # for PyTorch a mask says what is hidden
GELU = functools.partial(F.gelu, approximate="tanh")
SMALL = GPTConfig(vocab_size=V, context_length=6, embedding_dim=C, num_heads=H, num_layers=2)
GPTS = {
    "GPT, learned, gelu, untied": SMALL,
    "GPT, sinusoidal, relu, tied": replace(SMALL, positions="sinusoidal", activation="relu", tie_weights=True),
}

rng = np.random.default_rng(0)


def normal(*shape, mean=0.0, scale=1.0):
    return (mean + scale * rng.normal(size=shape)).astype(np.float32)


def self_attention(x, W_q, W_k, W_v):
    return F.scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v, is_causal=True)


def multi_head_attention(x, query, key, value, output):
    """The outputs (B, T, C) and the weights (B, H, T, T)."""
    x = x.transpose(0, 1)
    matrices = torch.cat([query.T, key.T, value.T]), None, None, None, False, 0.0, output.T, None
    outputs, weights = F.multi_head_attention_forward(
        x, x, x, C, H, *matrices, attn_mask=FUTURE, average_attn_weights=False
    )
    return outputs.transpose(0, 1), weights


def transformer_block(activation, x, **ours):
    layer = nn.TransformerEncoderLayer(
        C, H, 4 * C, dropout=0.0, activation=activation, batch_first=True, norm_first=True
    )
    theirs = {
        "self_attn.in_proj_weight": torch.cat([ours[f"attention.{name}"].T for name in ("query", "key", "value")]),
        "self_attn.in_proj_bias": x.new_zeros(3 * C),
        "self_attn.out_proj.weight": ours["attention.output"].T,
        "self_attn.out_proj.bias": x.new_zeros(C),
    }
    for number, norm in enumerate(("attention_norm", "feed_forward_norm"), 1):
        theirs |= {f"norm{number}.weight": ours[f"{norm}.gain"], f"norm{number}.bias": ours[f"{norm}.bias"]}
    for number, linear in enumerate(("expand", "contract"), 1):
        weights, bias = (ours[f"feed_forward.{linear}.{kind}"] for kind in ("weights", "bias"))
        theirs |= {f"linear{number}.weight": weights.T, f"linear{number}.bias": bias}
    assert theirs.keys() == dict(layer.named_parameters()).keys()
    return functional_call(layer, theirs, x, {"src_mask": FUTURE})


def block_parameters():
    yield from ((f"attention.{name}", normal(C, C, scale=0.5)) for name in ("query", "key", "value", "output"))
    for norm in ("attention_norm", "feed_forward_norm"):
        yield from ((f"{norm}.gain", normal(C, mean=1, scale=0.2)), (f"{norm}.bias", normal(C, scale=0.2)))
    for linear, shape in (("expand", (C, 4 * C)), ("contract", (4 * C, C))):
        yield f"feed_forward.{linear}.weights", normal(*shape, scale=0.4)
        yield f"feed_forward.{linear}.bias", normal(shape[1], scale=0.4)


def cases():
    """(name, inputs, parameters, the function of both that returns the outputs, or the outputs and more)"""
    x = {"x": normal(B, T, C)}
    yield "GELU", {"x": normal(B, T, C, scale=2)}, {}, GELU
    norm = {"gain": normal(C, mean=1, scale=0.3), "bias": normal(C)}
    yield (
        "LayerNorm",
        {"x": normal(B, T, C, mean=1, scale=0.1)},
        norm,
        lambda x, gain, bias: F.layer_norm(x, (C,), gain, bias, 1e-5),
    )
    tokens = {"tokens": rng.integers(0, V, (B, T))}
    yield "Embedding", tokens, {"weights": normal(V, C)}, lambda tokens, weights: F.embedding(tokens, weights)
    linear = {"weights": normal(C, 3), "bias": normal(3)}
    yield "Linear", x, linear, lambda x, weights, bias: F.linear(x, weights.T, bias)
    qkv = {"query": normal(B, H, 3, 4), "key": normal(B, H, 5, 4), "value": normal(B, H, 5, 2)}
    masked = qkv | {"mask": np.array([[1, 0, 0, 0, 0], [1, 0, 1, 1, 0], [0, 1, 1, 1, 1]], bool)}
    yield "scaled_dot_product_attention", qkv, {}, F.scaled_dot_product_attention
    yield "scaled_dot_product_attention, masked", masked, {}, F.scaled_dot_product_attention
    yield "SelfAttention", x, {name: normal(C, C, scale=0.5) for name in ("W_q", "W_k", "W_v")}, self_attention
    heads = {name: normal(C, C, scale=0.5) for name in ("query", "key", "value", "output")}
    yield "MultiHeadAttention", x, heads, multi_head_attention
    yield "TransformerBlock, gelu", x, dict(block_parameters()), functools.partial(transformer_block, GELU)
    yield "TransformerBlock, relu", x, dict(block_parameters()), functools.partial(transformer_block, F.relu)


def tensor(array, dtype):
    """Numbers as a tensor of that width that will have a gradient; tokens and masks as they are."""
    made = torch.tensor(array)
    return made.to(dtype).requires_grad_() if made.is_floating_point() else made


def layer_references():
    for case, inputs, parameters, function in cases():
        yield from ((f"{case}/inputs/{name}", array) for name, array in inputs.items())
        yield from ((f"{case}/parameters/{name}", array) for name, array in parameters.items())
        slopes = None
        for dtype in (torch.float64, torch.float32):
            tensors = {name: tensor(array, dtype) for name, array in (inputs | parameters).items()}
            mask = {"attn_mask": tensors.pop("mask")} if "mask" in tensors else {}
            outputs = function(**tensors, **mask)
            outputs, *weights = outputs if isinstance(outputs, tuple) else (outputs,)
            if slopes is None:
                slopes = normal(*outputs.shape)
                yield f"{case}/slopes", slopes
            (outputs * torch.tensor(slopes)).sum().backward()
            place = f"{case}/{str(dtype).removeprefix('torch.')}"
            yield f"{place}/outputs", outputs.detach().numpy()
            yield from ((f"{place}/weights", array.detach().numpy()) for array in weights)
            yield from (
                (f"{place}/gradients/{name}", made.grad.numpy()) for name, made in tensors.items() if made.requires_grad
            )


def loss_references():
    logits, labels = normal(B, T, V, scale=3), rng.integers(0, V, (B, T))
    yield from (("cross_entropy/inputs/logits", logits), ("cross_entropy/inputs/labels", labels))
    for dtype in (torch.float64, torch.float32):
        x = tensor(logits, dtype)
        loss = F.cross_entropy(x.flatten(0, 1), torch.tensor(labels).flatten())
        loss.backward()
        place = f"cross_entropy/{str(dtype).removeprefix('torch.')}"
        yield f"{place}/probabilities", F.softmax(x, dim=-1).detach().numpy()
        yield from ((f"{place}/loss", loss.detach().numpy()), (f"{place}/gradients/logits", x.grad.numpy()))


def position_references():
    speeds = torch.exp(torch.arange(0, C, 2, dtype=torch.float64) * (-math.log(10000.0) / C))
    angles = torch.arange(20, dtype=torch.float64)[:, None] * speeds
    yield "sinusoidal_positions", torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).flatten(1).numpy()


def gpt_references():
    for case, config in GPTS.items():
        yield f"{case}/config", np.frombuffer(json.dumps(asdict(config)).encode(), np.uint8)
        first = GPT(config, rng=0)
        for parameter in first.parameters():
            parameter.value += normal(*parameter.value.shape, scale=0.2)
        tokens, targets = rng.integers(0, V, (2, B, T))
        yield from ((f"{case}/inputs/tokens", tokens), (f"{case}/inputs/targets", targets))
        yield from ((f"{case}/parameters/{in_the_file(name)}", array) for name, array in first.state().items())
        for dtype in ("float64", "float32"):
            model = GPT(replace(config, dtype=dtype), rng=0)
            model.load_state(first.state())
            theirs = PyTorchGPT(model.config)
            theirs.copy_from(model)
            logits = theirs(torch.tensor(tokens))
            loss = theirs.loss(torch.tensor(tokens), torch.tensor(targets))
            loss.backward()
            for gradient, ours in theirs.pairs(model, "gradient"):
                ours[...] = gradient.numpy()  # into our names and shapes
            yield from (
                (f"{case}/{dtype}/logits", logits.detach().numpy()),
                (f"{case}/{dtype}/loss", loss.detach().numpy()),
            )
            yield from (
                (f"{case}/{dtype}/gradients/{in_the_file(name)}", p.gradient) for name, p in model.named_parameters()
            )


def packed(arrays):
    """All arrays of a dtype in one row, since each array of an .npz takes 300 bytes more; `index` says where each one is."""
    rows, index = {}, {}
    for name, array in arrays.items():
        row = rows.setdefault(array.dtype.name, [])
        index[name] = [array.dtype.name, sum(map(len, row)), array.shape]
        row.append(array.ravel())
    return {"index": np.array(json.dumps(index))} | {name: np.concatenate(row) for name, row in rows.items()}


if __name__ == "__main__":
    torch.manual_seed(0)
    arrays = {}
    for references in (layer_references, loss_references, position_references, gpt_references):
        arrays |= {name: np.array(array) for name, array in references()}
    np.savez_compressed(REFERENCES, **packed(arrays))
    print(
        f"{len(arrays)} arrays from PyTorch {torch.__version__}, {REFERENCES.stat().st_size:,} bytes, in {REFERENCES}"
    )
