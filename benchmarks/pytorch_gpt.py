"""The same GPT in PyTorch, as its users write it: what `scratchml.GPT` is compared with."""

import torch
from torch import nn
from torch.nn import functional as F

from scratchml import GPT, GPTConfig, sinusoidal_positions


class Block(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        c = config.embedding_dim
        self.num_heads = config.num_heads
        self.attention_norm = nn.LayerNorm(c)
        self.query_key_value = nn.Linear(c, 3 * c, bias=False)
        self.output = nn.Linear(c, c, bias=False)
        self.feed_forward_norm = nn.LayerNorm(c)
        self.expand = nn.Linear(c, 4 * c)
        self.activation = nn.GELU(approximate="tanh") if config.activation == "gelu" else nn.ReLU()
        self.contract = nn.Linear(4 * c, c)

    def forward(self, x, cache: list | None = None):
        b, t, c = x.shape
        fused = self.query_key_value(self.attention_norm(x))
        query, key, value = (part.view(b, t, self.num_heads, -1).transpose(1, 2) for part in fused.split(c, dim=2))
        if cache is not None:
            if cache:
                key, value = torch.cat([cache[0], key], dim=2), torch.cat([cache[1], value], dim=2)
            cache[:] = key, value
        found = F.scaled_dot_product_attention(query, key, value, is_causal=t > 1)
        x = x + self.output(found.transpose(1, 2).reshape(b, t, c))
        return x + self.contract(self.activation(self.expand(self.feed_forward_norm(x))))


class PyTorchGPT(nn.Module):
    """`forward(tokens)` (B, T) → the logits (B, T, V)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        v, t, c = config.vocab_size, config.context_length, config.embedding_dim
        self.config = config
        self.token_embedding = nn.Embedding(v, c)
        if config.positions == "learned":
            self.positions = nn.Parameter(torch.zeros(t, c))
        else:
            self.register_buffer("positions", torch.tensor(0.02 * sinusoidal_positions(t, c)))
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.num_layers)])
        self.final_norm = nn.LayerNorm(c)
        self.unembedding = nn.Linear(c, v, bias=False)
        if config.tie_weights:
            self.unembedding.weight = self.token_embedding.weight
        self.to(getattr(torch, config.dtype))

    def forward(self, tokens, caches: list[list] | None = None, start: int = 0):
        x = self.token_embedding(tokens) + self.positions[start : start + tokens.shape[1]]
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[i])
        return self.unembedding(self.final_norm(x))

    def loss(self, tokens, targets):
        return F.cross_entropy(self(tokens).flatten(0, 1), targets.flatten())

    def copy_from(self, model: GPT) -> None:
        """Take the parameters of that model."""
        with torch.no_grad():
            for theirs, ours in self.pairs(model):
                theirs.copy_(torch.tensor(ours))

    def pairs(self, model: GPT, kind: str = "value"):
        """Our parameters (or their gradients), each beside that of `model`, in PyTorch's shapes."""
        array = {name: getattr(parameter, kind) for name, parameter in model.named_parameters()}
        own = (lambda p: p) if kind == "value" else (lambda p: p.grad)
        yield own(self.token_embedding.weight), array["token_embedding.weights"]
        if "positions.weights" in array:
            yield own(self.positions), array["positions.weights"]
        for i, block in enumerate(self.blocks):
            name = f"blocks.{i}."
            for norm in ("attention_norm", "feed_forward_norm"):
                yield own(getattr(block, norm).weight), array[f"{name}{norm}.gain"]
                yield own(getattr(block, norm).bias), array[f"{name}{norm}.bias"]
            for part, ours in zip(own(block.query_key_value.weight).chunk(3), ("W_q", "W_k", "W_v"), strict=True):
                yield part, array[f"{name}attention.{ours}"].T
            yield own(block.output.weight), array[f"{name}attention.W_o"].T
            for layer, ours in (("expand", "up"), ("contract", "down")):
                yield own(getattr(block, layer).weight), array[f"{name}feed_forward.{ours}.weights"].T
                yield own(getattr(block, layer).bias), array[f"{name}feed_forward.{ours}.bias"]
        yield own(self.final_norm.weight), array["final_norm.gain"]
        yield own(self.final_norm.bias), array["final_norm.bias"]
        if not self.config.tie_weights:
            yield own(self.unembedding.weight), array["unembedding"]
