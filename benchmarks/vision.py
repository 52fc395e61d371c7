"""python -m benchmarks.vision: how many digits networks and small vision Transformers read, with their pieces in order and shuffled.

All learn from the 1,433 training images of `digits()` and are judged on the 364 test images, from ten seeds, in float64. The
learning rate of each kind is the one that did best in cross-validation on the training images.
"""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.alternating import machine
from scratchml import (
    Adam,
    CrossEntropy,
    LayerNorm,
    LearnedPositions,
    Linear,
    MiniBatches,
    Module,
    ReLU,
    Sequential,
    TransformerBlock,
    digits,
    fit,
    warmup_cosine,
)

RESULTS = Path(__file__).with_suffix(".json")
SEEDS, EPOCHS, RATES = 10, 20, (0.005, 0.01, 0.02, 0.04)
WIDTH, HEADS = 16, 2
#: How the patches of the images are ordered: as they are, in one other order for all images, or each image in its own.
ORDERS = ("kept", "one", "each")


class Images(NamedTuple):
    patches: Any  # (B, T, pixels of a patch)
    labels: Any


def cut(images: Any, size: int) -> Any:
    """(B, 64) → (B, T, size²): the patches of size × size pixels, from left to right and from top to bottom."""
    across = 8 // size
    grid = images.reshape(-1, across, size, across, size).swapaxes(2, 3)
    return grid.reshape(-1, across**2, size**2)


def ordered(patches: Any, order: str, rng: np.random.Generator) -> Any:
    """The patches of each image in another of the ORDERS."""
    count, length, _ = patches.shape
    places = np.tile(np.arange(length), (count, 1))
    if order == "one":
        places = places[:, np.random.default_rng(0).permutation(length)]
    if order == "each":
        places = rng.permuted(places, axis=1)
    return np.take_along_axis(patches, places[:, :, None], axis=1)


def images(size: int, order: str = "kept") -> tuple[Images, Images]:
    """To learn from, and to test."""
    train_images, train_labels, test_images, test_labels = digits()
    rng = np.random.default_rng(1)
    return (
        Images(ordered(cut(train_images, size), order, rng), train_labels),
        Images(ordered(cut(test_images, size), order, rng), test_labels),
    )


class Flat(Module):
    """All patches of an image in one row, for a network that reads 64 numbers."""

    def _forward(self, x: Any) -> tuple[Any, tuple[Any]]:
        return x.reshape(len(x), -1), (x.shape,)

    def _backward(self, gradient: Any, shape: Any) -> Any:
        return gradient.reshape(shape)


class Mean(Module):
    """The mean over the patches: (B, T, C) → (B, C)."""

    def _forward(self, x: Any) -> tuple[Any, tuple[int]]:
        return x.mean(axis=1), (x.shape[1],)

    def _backward(self, gradient: Any, length: int) -> Any:
        return np.stack([gradient / length] * length, axis=1)


def network(size: int, rng: np.random.Generator) -> Sequential:
    """Part I's, with as many neurons as make the parameters nearly as many as those of the Transformer."""
    return Sequential(Flat(), Linear(64, 50, rng=rng), ReLU(), Linear(50, 10, rng=rng))


def transformer(size: int, rng: np.random.Generator) -> Sequential:
    length = (8 // size) ** 2
    return Sequential(
        Linear(size**2, WIDTH, rng=rng),
        LearnedPositions(length, WIDTH, rng=rng),
        TransformerBlock(WIDTH, HEADS, rng=rng),
        LayerNorm(WIDTH),
        Mean(),
        Linear(WIDTH, 10, rng=rng),
    )


def without_positions(size: int, rng: np.random.Generator) -> Sequential:
    return Sequential(
        Linear(size**2, WIDTH, rng=rng),
        TransformerBlock(WIDTH, HEADS, rng=rng),
        LayerNorm(WIDTH),
        Mean(),
        Linear(WIDTH, 10, rng=rng),
    )


MODELS = {"network": network, "transformer": transformer, "without_positions": without_positions}


def looks_evenly(model: Sequential, parameters: tuple[str, ...]) -> None:
    """Set these matrices of attention to 0, so that all scores are 0 and every patch looks at all alike. With both W_q and
    W_k at 0 their gradients are 0 too, and training leaves them there.
    """
    for name, parameter in model.named_parameters():
        if name.endswith(parameters):
            parameter.value = np.zeros_like(parameter.value)


def train(model: Sequential, data: Images, rate: float, rng: np.random.Generator) -> int:
    """Batches of 32, Adam, 45 steps of warm-up, then down along a cosine. Returns the number of parameters."""
    optimizer = Adam(model.parameters(), rate)
    batches = MiniBatches(*data, 32, rng=rng)
    steps = EPOCHS * len(batches)

    def schedule(step: int) -> float:
        return warmup_cosine(step, peak=rate, warmup_steps=45, total_steps=steps)

    fit(model, CrossEntropy(), optimizer, batches, epochs=EPOCHS, schedule=schedule)
    return optimizer.values.size


def accuracy(model: Sequential, data: Images) -> float:
    return round(float((model(data.patches).argmax(axis=1) == data.labels).mean()), 4)


def trained(kind: str, size: int, seed: int, rate: float, data: Images, *, evenly: bool = False) -> Sequential:
    rng = np.random.default_rng(seed)
    model = MODELS[kind](size, rng)
    if evenly:
        looks_evenly(model, ("W_q", "W_k"))
    train(model, data, rate, rng)
    return model


def best_rate(kind: str, size: int) -> float:
    """Each fifth of the training images is held out once, with a seed of its own."""
    data, _ = images(size)
    fifths = np.arange(len(data.labels)) % 5

    def mean(rate: float) -> float:
        found = []
        for fifth in range(5):
            learned = Images(*(part[fifths != fifth] for part in data))
            held_out = Images(*(part[fifths == fifth] for part in data))
            found.append(accuracy(trained(kind, size, fifth, rate, learned), held_out))
        return float(np.mean(found))

    return max(RATES, key=mean)


def measure(kind: str, size: int, order: str, rate: float) -> list[float]:
    learned, test = images(size, order)
    return [accuracy(trained(kind, size, seed, rate, learned), test) for seed in range(SEEDS)]


def compared(kind: str, size: int) -> dict[str, Any]:
    rate = best_rate(kind, size)
    start = time.perf_counter()
    accuracies = measure(kind, size, "kept", rate)
    seconds = (time.perf_counter() - start) / SEEDS
    model = MODELS[kind](size, np.random.default_rng(0))
    parameters = sum(parameter.value.size for parameter in model.parameters())
    return {"rate": rate, "parameters": parameters, "seconds": round(seconds, 2), "accuracies": accuracies}


def nearest_neighbor() -> float:
    """The label of the training image that differs least, which learns nothing: the lab's baseline."""
    train_images, train_labels, test_images, test_labels = digits()
    distances = (train_images**2).sum(axis=1) - 2 * test_images @ train_images.T
    return round(float((train_labels[distances.argmin(axis=1)] == test_labels).mean()), 4)


def without_looking(size: int, rate: float) -> dict[str, list[float]]:
    """Accuracies of trained models; of the same with attention made even afterwards; of others that trained with it even."""
    learned, test = images(size)
    found: dict[str, list[float]] = {"as_trained": [], "evened": [], "trained_even": []}
    for seed in range(SEEDS):
        model = trained("transformer", size, seed, rate, learned)
        found["as_trained"].append(accuracy(model, test))
        looks_evenly(model, ("W_q",))
        found["evened"].append(accuracy(model, test))
        even = trained("transformer", size, seed, rate, learned, evenly=True)
        found["trained_even"].append(accuracy(even, test))
    return found


def main() -> None:
    rows = {
        "network": compared("network", 4),
        "four_patches": compared("transformer", 4),
        "sixteen_patches": compared("transformer", 2),
    }
    rates = {"network": rows["network"]["rate"], "transformer": rows["sixteen_patches"]["rate"]}
    rates["without_positions"] = best_rate("without_positions", 2)
    results = {
        "machine": machine(),
        "nearest_neighbor": nearest_neighbor(),
        "compared": rows,
        "shuffled": {kind: {order: measure(kind, 2, order, rates[kind]) for order in ORDERS} for kind in MODELS},
        "looking": without_looking(2, rates["transformer"]),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf8")
    for name, row in rows.items():
        print(f"{name:<18}{np.mean(row['accuracies']):.3f}{row['parameters']:>8} parameters{row['seconds']:>8} s")


if __name__ == "__main__":
    main()
