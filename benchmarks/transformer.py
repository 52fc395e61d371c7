"""A GPT in `scratchml` beside the same one in PyTorch: training steps, memory, generation, and what it learns.

    python -m benchmarks.transformer [--peers PYTHON]

Same mathematics, Adam, float32; each side in a process of its own, at the number of threads that suits it best
(`scratchml` either lets numpy use them, or trains in a process for each core, a `ProcessGroup` by MPI), taking turns,
the median of three rounds.
`--peers` names a Python that has torch. The results go to benchmarks/transformer.json; `python -m benchmarks` runs this
and benchmarks.training, and makes a table and a picture of both.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alternating import Candidate, in_a_process, machine, medians
from scratchml import GPTConfig

# vocabulary, context, width, layers, heads, batch, activation
SIZES = [
    (65, 32, 32, 2, 2, 8, "gelu"),
    (65, 32, 64, 2, 4, 16, "gelu"),
    (65, 64, 64, 4, 4, 16, "gelu"),
    (65, 64, 128, 4, 4, 16, "relu"),
    (65, 64, 128, 4, 4, 16, "gelu"),
    (2000, 128, 192, 6, 6, 8, "gelu"),
]
GENERATION = (65, 256, 128, 4, 4, 1, "gelu")
LEARNING = (0, 64, 128, 4, 4, 16, "gelu")  # with the vocabulary of the text
STEPS = 600  # of learning
SECONDS = 3.0  # that one measurement takes
CORES = os.cpu_count() or 1
RESULTS = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).parents[1]


def config(size) -> GPTConfig:
    vocab, context, width, layers, heads, _, activation = size
    return GPTConfig(vocab, context, width, heads, layers, activation=activation)


def flops(size) -> float:
    """The multiplications and additions of a training step: forward, and twice as many backward."""
    vocab, context, width, layers, _, batch, _ = size
    per_token = layers * (12 * width**2 + 2 * context * width) + width * vocab
    return 3 * 2 * per_token * batch * context


class Ours:
    def __init__(self, configuration: GPTConfig, processes: int = 1) -> None:
        from scratchml import GPT, Adam, ProcessGroup
        from scratchml.distributed import ALONE

        self.gpt = GPT(configuration, rng=0)
        self.optimizer = Adam(self.gpt.parameters(), 0.001)
        self.group = ALONE if processes == 1 else ProcessGroup()

    def train(self, batches) -> None:
        from scratchml import CrossEntropy, fit

        fit(self.gpt, CrossEntropy(), self.optimizer, batches, epochs=1, group=self.group)

    def validation_loss(self, batches) -> float:
        from scratchml import CrossEntropy, mean_loss

        return mean_loss(self.gpt, CrossEntropy(), batches)

    def write(self, num_tokens: int, cache: bool):
        from scratchml import generate

        yield from generate(self.gpt, [0], num_tokens, rng=0, use_cache=cache)


class Theirs:
    def __init__(self, configuration: GPTConfig, processes: int = 1) -> None:
        import torch

        from benchmarks.pytorch_gpt import PyTorchGPT
        from scratchml import GPT

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.torch = torch
        self.model = PyTorchGPT(configuration)
        self.model.copy_from(GPT(configuration, rng=0))
        self.optimizer = torch.optim.Adam(self.model.parameters(), 0.001)

    def train(self, batches) -> None:
        for inputs, targets in batches:
            self.optimizer.zero_grad()
            self.model.loss(self.torch.from_numpy(inputs), self.torch.from_numpy(targets)).backward()
            self.optimizer.step()

    def validation_loss(self, batches) -> float:
        with self.torch.no_grad():
            losses = [
                (len(x), self.model.loss(self.torch.from_numpy(x), self.torch.from_numpy(y)).item()) for x, y in batches
            ]
        return sum(n * loss for n, loss in losses) / sum(n for n, _ in losses)

    def write(self, num_tokens: int, cache: bool):
        rng, text = np.random.default_rng(0), [0]
        caches: list[list[Any]] | None = [[] for _ in self.model.blocks] if cache else None
        with self.torch.no_grad():
            for i in range(num_tokens):
                new = text[-1:] if cache else text
                logits = self.model(self.torch.tensor([new]), caches, i if cache else 0)[0, -1]
                ends = self.torch.softmax(logits, 0).cumsum(0).numpy()
                text.append(int(np.searchsorted(ends, rng.random() * ends[-1], side="right")))
                yield text[-1]


SIDES: dict[str, type[Ours | Theirs]] = {"scratchml": Ours, "PyTorch": Theirs}


def random_batches(size, steps: int):
    from scratchml import NextTokenBatches

    vocab, context, *_, batch, _ = size
    text = np.random.default_rng(0).integers(vocab, size=20_000)
    return NextTokenBatches(text, batch, context, steps=steps, rng=0)


def step(side: str, number: str, processes: str) -> float:
    """Milliseconds of a training step; the first ones aren't counted."""
    size = SIZES[int(number)]
    trainer = SIDES[side](config(size), int(processes))
    trainer.train(random_batches(size, 3))
    start = time.perf_counter()
    trainer.train(random_batches(size, 3))
    steps = max(3, round(3 * SECONDS / (time.perf_counter() - start)))
    start = time.perf_counter()
    trainer.train(random_batches(size, steps))
    return 1000 * (time.perf_counter() - start) / steps


def memory(side: str, number: str, processes: str) -> float:
    """MB that a model and its training need in each process: the most that it held, less what it held after the smallest model."""

    def train(size):
        trainer = SIDES[side](config(size), int(processes))
        trainer.train(random_batches(size, 10))

    train(SIZES[0])  # the libraries' own share
    before = resident("VmRSS")
    train(SIZES[int(number)])
    return resident("VmHWM") - before


def resident(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1000


def product(side: str) -> float:
    """GFLOP/s of the fastest of several large float32 matrix products."""
    a = np.random.default_rng(0).standard_normal((2048, 2048)).astype(np.float32)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        a @ a.copy()
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best / 1e9


def profile(side: str, number: str) -> dict[str, float]:
    """The share of a training step that each part takes by itself, without the parts inside it."""
    import scratchml
    from scratchml import attention

    own: dict[str, float] = {}
    inside = [0.0]

    def timed(owner, name: str, part: str) -> None:
        function = getattr(owner, name)

        def wrapped(*arguments, **settings):
            inside.append(0.0)
            start = time.perf_counter()
            result = function(*arguments, **settings)
            whole = time.perf_counter() - start
            own[part] = own.get(part, 0.0) + whole - inside.pop()
            inside[-1] += whole
            return result

        setattr(owner, name, wrapped)

    for part in (
        "Linear",
        "MultiHeadAttention",
        "LayerNorm",
        "GELU",
        "Embedding",
        "TransformerBlock",
        "GPT",
        "CrossEntropy",
    ):
        for name in ("_forward", "_backward"):
            if name in vars(getattr(scratchml, part)):
                timed(getattr(scratchml, part), name, part)
    timed(scratchml.Adam, "step", "Adam")
    for name in ("softmax_in_place", "scaled_dot_product_attention", "attention_gradients"):
        timed(attention, name, name)
    size = SIZES[int(number)]
    trainer = SIDES[side](config(size))
    trainer.train(random_batches(size, 3))
    own.clear()
    trainer.train(random_batches(size, 100))
    total = sum(own.values())
    return {part: round(seconds / total, 3) for part, seconds in sorted(own.items(), key=lambda item: -item[1])}


def generation(side: str, cache: str) -> list[float]:
    """Milliseconds: of all 256 tokens, of one around the 10th, and of one around the 250th."""
    writer = SIDES[side](config(GENERATION))
    times = []
    for _ in range(6):
        moments = [time.perf_counter()]
        for _ in writer.write(256, cache == "cache"):
            moments.append(time.perf_counter())
        times.append(np.diff(moments))
    per_token = 1000 * np.median(times[1:], axis=0)  # (256,)
    return [float(per_token.sum()), float(np.median(per_token[5:15])), float(np.median(per_token[245:255]))]


def learning(side: str, processes: str) -> list[float]:
    """The validation loss after every tenth of the steps, on the English pages of this book."""
    from scratchml import CharTokenizer, NextTokenBatches, next_token_windows

    text = "".join(path.read_text("utf8") for path in sorted((ROOT / "docs" / "en").rglob("*.md")))
    tokenizer = CharTokenizer(text)
    tokens = np.array(tokenizer.encode(text))
    size = (tokenizer.vocab_size, *LEARNING[1:])
    held_out, (_, context, *_, batch, _) = len(tokens) // 10, size
    trainer = SIDES[side](config(size), int(processes))
    batches = NextTokenBatches(tokens[held_out:], batch, context, steps=STEPS // 10, rng=0)
    validation = next_token_windows(tokens[:held_out], 64, context)
    losses = []
    for _ in range(10):
        trainer.train(batches)
        losses.append(trainer.validation_loss(validation))
    return losses


MEASUREMENTS: dict[str, Callable[..., Any]] = {
    "step": step,
    "profile": profile,
    "memory": memory,
    "product": product,
    "generation": generation,
    "learning": learning,
}


def main(peers: str, only: str | None = None) -> None:
    def candidates(side: str, *arguments: str, replicas: bool = False) -> list[Candidate]:
        python = sys.executable if side == "scratchml" else peers
        ways = [(threads, "1") for threads in sorted({1, CORES})]
        if side == "scratchml" and replicas:
            ways.append((1, str(CORES)))
        what, *rest = arguments
        return [
            Candidate(
                python, "benchmarks.transformer", [what, side, *rest, *([way] if replicas else [])], threads, int(way)
            )
            for threads, way in ways
        ]

    results = json.loads(RESULTS.read_text("utf8")) if only else {}
    results |= {"machine": machine(), "numpy": np.__version__}
    if only in (None, "steps"):
        results["matmul peak in GFLOP/s"] = round(
            max(in_a_process(candidate) for candidate in candidates("scratchml", "product")), 1
        )
        results["steps"] = []
        for i, size in enumerate(SIZES):
            name = "{} vocabulary, {} context, {} wide, {} layers, {} heads, {} batch, {}".format(*size)
            sides = {side: candidates(side, "step", str(i), replicas=True) for side in SIDES}
            sides["scratchml, one process"] = [way for way in sides["scratchml"] if way.processes == 1]
            times = medians(name, sides)
            held = {
                side: [
                    round(in_a_process(way), 1)
                    for way in candidates(side, "memory", str(i), replicas=True)[-2 if side == "scratchml" else -1 :]
                ]
                for side in SIDES
                if side in times
            }
            results["steps"].append(
                {
                    "size": size,
                    "milliseconds": times,
                    "megabytes": held,
                    "gflops": flops(size) / 1e6 / times["scratchml"],
                }
            )
    if only in (None, "profile"):
        results["profile"] = [[SIZES[i], in_a_process(candidates("scratchml", "profile", str(i))[0])] for i in (2, 4)]
    if only in (None, "generation"):
        results["generation"] = {
            cache: medians(f"generation, {cache}", {side: candidates(side, "generation", cache) for side in sides})
            for cache, sides in [("cache", list(SIDES)), ("no cache", ["scratchml"])]
        }
    if only in (None, "learning"):
        results["validation loss"] = {
            side: in_a_process(candidates(side, "learning", replicas=True)[-1]) for side in SIDES
        }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=sys.executable, help="a Python that has torch")
    parser.add_argument(
        "--only", choices=["steps", "profile", "generation", "learning"], help="measure that part again"
    )
    parser.add_argument("--side", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        what, side, *rest = options.side
        measured = MEASUREMENTS[what](side, *rest)
        if os.environ.get("PMI_RANK", "0") == "0":  # of the processes that MPI has started, the first one speaks
            print(json.dumps(measured))
    else:
        main(options.peers, options.only)
