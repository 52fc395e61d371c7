"""How long one training step takes: `scratchml` beside what a reader would use instead.

    python -m benchmarks.training [--peers PYTHON]

Every side trains the same network on the same images, the digits (for 784 inputs enlarged to 28 × 28), in float32 and
with Adam, except two: "neuron", the network of the chapter network-from-scratch, and "matrices", which takes the same plain steps in float64 as
vectorized-layers does. A side runs in a process of its own, at the number of threads that suits it best; the sides take turns,
three rounds, and the median of the three counts. Peers that aren't installed are left out; `--peers` names a Python that
has them. The results go to benchmarks/training.json, and from there into the chapter vectorized-layers.
"""

import argparse
import json
import os
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.alternating import Candidate, machine, medians

NETWORKS = [([64, 32, 10], 32), ([64, 128, 10], 128), ([784, 128, 64, 10], 128)]
SECONDS = 3.0  # that one measurement takes, or as long as one epoch
RESULTS = Path(__file__).with_suffix(".json")


def images_and_labels(num_inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """The digits' training images as float32, (1433, 64) or enlarged to (1433, 784)."""
    from scratchml import digits

    images, labels, *_ = digits()
    if num_inputs == 784:
        pixel = np.arange(28) * 8 // 28
        images = images.reshape(-1, 8, 8)[:, pixel][:, :, pixel].reshape(len(images), 784)
    return images.astype(np.float32), labels


def neuron(sizes, batch_size, images, labels):
    from scratchml import NeuralNetwork, one_hot

    network = NeuralNetwork(sizes, output_activation="identity", initialization="he", rng=0)
    targets = one_hot(labels, 10)
    return lambda epochs: network.train(images, targets, epochs, 0.01, batch_size, shuffle=True, report_every=0)


def matrices(sizes, batch_size, images, labels):
    from scratchml import SGD, MiniBatches, SquaredError, fit, one_hot

    model = sequential(sizes, np.float64)
    optimizer, batches = SGD(model.parameters(), 0.01), MiniBatches(images, one_hot(labels, 10), batch_size, rng=0)
    return lambda epochs: fit(model, SquaredError(), optimizer, batches, epochs=epochs)


def scratchml(sizes, batch_size, images, labels):
    from scratchml import Adam, CrossEntropy, MiniBatches, fit

    model = sequential(sizes, np.float32)
    optimizer, batches = Adam(model.parameters()), MiniBatches(images, labels, batch_size, rng=0)
    return lambda epochs: fit(model, CrossEntropy(), optimizer, batches, epochs=epochs)


def sequential(sizes, dtype):
    from scratchml import Linear, ReLU, Sequential

    rng = np.random.default_rng(0)
    layers = []
    for num_inputs, num_outputs in pairwise(sizes):
        layers += [Linear(num_inputs, num_outputs, rng=rng), ReLU()]
    return Sequential(*layers[:-1]).to(dtype)


def scikit_learn(sizes, batch_size, images, labels):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)

    def train(epochs):
        MLPClassifier(
            sizes[1:-1],
            alpha=0,
            batch_size=batch_size,
            max_iter=epochs,
            tol=0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        ).fit(images, labels)

    return train


def pytorch(sizes, batch_size, images, labels):
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    layers = []
    for num_inputs, num_outputs in pairwise(sizes):
        layers += [torch.nn.Linear(num_inputs, num_outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()
    inputs, targets = torch.from_numpy(images), torch.from_numpy(labels)

    def train(epochs):
        for _ in range(epochs):
            for rows in torch.randperm(len(inputs)).split(batch_size):
                optimizer.zero_grad()
                loss(model(inputs[rows]), targets[rows]).backward()
                optimizer.step()

    return train


SIDES = {
    "neuron": neuron,
    "matrices": matrices,
    "scratchml": scratchml,
    "scikit-learn": scikit_learn,
    "PyTorch": pytorch,
}


def measure(side: str, sizes: list[int], batch_size: int) -> None:
    """Print the milliseconds of a step; what the first epoch sets up isn't counted."""
    images, labels = images_and_labels(sizes[0])
    train = SIDES[side](sizes, batch_size, images, labels)
    start = time.perf_counter()
    train(1)
    epochs = max(1, round(SECONDS / (time.perf_counter() - start)))
    start = time.perf_counter()
    train(epochs)
    print((time.perf_counter() - start) * 1000 / (epochs * -(-len(images) // batch_size)))


def main(peers: str) -> None:
    results = []
    for sizes, batch_size in NETWORKS:
        name = "-".join(map(str, sizes))
        sides = {
            side: [
                Candidate(
                    sys.executable if side in ("neuron", "matrices", "scratchml") else peers,
                    "benchmarks.training",
                    [side, name, str(batch_size)],
                    threads,
                )
                for threads in (1, os.cpu_count() or 1)
            ]
            for side in SIDES
        }
        results.append(
            {"network": name, "batch": batch_size, "milliseconds": medians(f"{name}, batch {batch_size}", sides)}
        )
    RESULTS.write_text(json.dumps({"machine": machine(), "numpy": np.__version__, "results": results}, indent=1) + "\n")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=sys.executable, help="a Python that has torch and scikit-learn")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        side, sizes, batch_size = options.side
        measure(side, [int(size) for size in sizes.split("-")], int(batch_size))
    else:
        main(options.peers)
