"""python -m benchmarks.training_a_gpt: the curves of chapter training-a-gpt, small GPTs on the names, in a few minutes.

`warm-ups`: the same GPT at several peaks of the learning rate, with and without a warm-up. `clipping`: the length of the
gradient at each step, with a batch of z in the middle. `decays`: the shipped model's recipe with and without weight decay.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alternating import machine
from benchmarks.names import CONTEXT, TOKENIZER
from scratchml import (
    GPT,
    Adam,
    CrossEntropy,
    GPTConfig,
    MiniBatches,
    names,
    softmax,
    warmup_cosine,
)
from scratchml.datasets import Part
from scratchml.weights.train import BATCH_SIZE, NUM_HEADS, RECIPES, rows

RESULTS = Path(__file__).with_suffix(".json")
PEAKS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.014, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1, 0.2)
WARMUP, STEPS, BIN = 50, 500, 20
SEEDS = 3
BAD_STEP, LIMIT = 300, 1.0
DECAYS, EPOCHS = (0.0, 1.0), 24


def table(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """A row for each name, filled up with boundaries: inputs and targets, (names, CONTEXT)."""
    return rows(names(part), TOKENIZER, CONTEXT)


def surprises(model: GPT, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """−ln p of every letter and of the boundary that ends each name, (names, CONTEXT), and NaN for the padding behind it."""
    p = np.take_along_axis(softmax(model(inputs)), targets[..., None], axis=2)[..., 0]
    padding = (targets == 0) & (inputs == 0)
    padding[:, 0] = False
    return np.where(padding, np.nan, -np.log(p))


class Run:
    """Some steps of Adam on batches of names: `losses` and `norms` of each step."""

    def __init__(
        self, model: GPT, peak: float, warmup: int, total: int, *, decay: float = 0.0, limit: float = 1e9
    ) -> None:
        self.model, self.peak, self.warmup, self.total, self.limit = model, peak, warmup, total, limit
        self.optimizer, self.loss = Adam(model.parameters(), peak, weight_decay=decay), CrossEntropy()
        self.losses: list[float] = []
        self.norms: list[float] = []

    def step(self, inputs: Any, targets: Any, floor: float = 0.0) -> None:
        self.losses.append(self.loss.forward(targets, self.model(inputs)))
        self.optimizer.zero_gradients()
        self.model.backward_to_parameters(self.loss.backward())
        self.norms.append(self.optimizer.clip_gradients(self.limit))
        self.optimizer.learning_rate = warmup_cosine(
            self.optimizer.steps, peak=self.peak, warmup_steps=self.warmup, total_steps=self.total, floor=floor
        )
        self.optimizer.step()


def two_blocks(rng: np.random.Generator) -> GPT:
    return GPT(GPTConfig(TOKENIZER.vocab_size, CONTEXT, 32, 4, 2, tie_weights=True), rng=rng)


def at_peak(peak: float, warmup: int, seed: int) -> tuple[list[float], float]:
    """The training loss, a mean for each 20 steps, and the loss on the validation names at the end."""
    rng = np.random.default_rng(seed)
    run, batches = Run(two_blocks(rng), peak, warmup, STEPS), MiniBatches(*table("train"), 32, rng=rng)
    while len(run.losses) < STEPS:
        for inputs, targets in batches:
            if len(run.losses) < STEPS:
                run.step(inputs, targets)
    means = np.reshape(run.losses, (-1, BIN)).mean(axis=1)
    final = float(np.nanmean(surprises(run.model, *table("validation"))))
    return means.round(3).tolist(), round(final, 3)


def with_bad_batch(limit: float) -> dict[str, Any]:
    """Losses and lengths of the gradient, where batch 300 is nothing but z."""
    rng = np.random.default_rng(0)
    run, batches = Run(two_blocks(rng), 0.01, WARMUP, STEPS, limit=limit), MiniBatches(*table("train"), 64, rng=rng)
    bad = rows(["z" * CONTEXT] * 64, TOKENIZER, CONTEXT)
    while len(run.losses) < STEPS:
        for inputs, targets in batches:
            if len(run.losses) < STEPS:
                run.step(*(bad if len(run.losses) == BAD_STEP else (inputs, targets)))
    final = float(np.nanmean(surprises(run.model, *table("validation"))))
    return {
        "losses": np.round(run.losses, 3).tolist(),
        "norms": np.round(run.norms, 2).tolist(),
        "validation": round(final, 3),
    }


def with_decay(decay: float) -> dict[str, list[float]]:
    """After each epoch of the shipped model's recipe: the loss on all training names, and on the validation names."""
    recipe, rng = RECIPES["names"], np.random.default_rng(0)
    config = GPTConfig(
        TOKENIZER.vocab_size, CONTEXT, recipe.embedding_dim, NUM_HEADS, recipe.num_layers, tie_weights=True
    )
    model, batches = GPT(config, rng=rng), MiniBatches(*table("train"), BATCH_SIZE, rng=rng)
    run = Run(model, recipe.peak, WARMUP, EPOCHS * len(batches), decay=decay, limit=LIMIT)
    found: dict[str, list[float]] = {"training": [], "validation": []}
    for _ in range(EPOCHS):
        for inputs, targets in batches:
            run.step(inputs, targets, recipe.peak / 20)
        for part, key in [("train", "training"), ("validation", "validation")]:
            found[key].append(round(float(np.nanmean(surprises(model, *table(part)))), 3))  # type: ignore[arg-type]
    return found


def main() -> None:
    results: dict[str, Any] = {"machine": machine(), "warm-ups": {}}
    for warmup in (WARMUP, 0):
        runs = {peak: [at_peak(peak, warmup, seed) for seed in range(SEEDS)] for peak in PEAKS}
        results["warm-ups"][warmup] = {
            "curves": {peak: found[0][0] for peak, found in runs.items()},
            "validation": {peak: [final for _, final in found] for peak, found in runs.items()},
        }
    results["clipping"] = {"without": with_bad_batch(1e9), "with": with_bad_batch(LIMIT)}
    results["decays"] = {decay: with_decay(decay) for decay in DECAYS}
    RESULTS.write_text(json.dumps(results) + "\n", "utf8")
    for warmup, found in results["warm-ups"].items():
        print(f"warm-up {warmup}: {found['validation']}")
    for name, clipped in results["clipping"].items():
        print(name, clipped["validation"])
    for decay, curve in results["decays"].items():
        print(decay, curve)


if __name__ == "__main__":
    main()
