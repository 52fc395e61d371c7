"""python -m benchmarks.machines: what the chapter many-computers counts with: a step of the names GPT, and how long two
processes of one computer take to add up rows of several sizes.

Each is measured in processes of their own, `ROUNDS` times by turns; the fastest counts, since another program can only
slow them down. The results go to benchmarks/machines.json, and from there into the chapter.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.alternating import Candidate, in_a_process, machine

RESULTS = Path(__file__).with_suffix(".json")
BATCH = 64  # as scratchml.weights.train has it
STEPS = 8
SIZES = [8 * 4**k for k in range(12)]  # bytes, up to 32 MB
ROUNDS = 7


def step() -> float:
    """Milliseconds of one step of the shipped names model, from a batch of BATCH windows."""
    from scratchml import Adam, CrossEntropy, NextTokenBatches, fit, names, pretrained

    model, tokenizer = pretrained("names")
    stream = tokenizer.encode("\n" + "\n".join(names("train")))
    optimizer = Adam(model.parameters(), 1e-4)
    times = []
    for _ in range(40):
        batches = NextTokenBatches(stream, BATCH, model.config.context_length, steps=STEPS, rng=0)
        start = time.perf_counter()
        fit(model, CrossEntropy(), optimizer, batches, epochs=1)
        times.append((time.perf_counter() - start) / STEPS)
    return 1000 * min(times)


def messages() -> list[float] | None:
    """Microseconds of an all-reduce of float32, for each of SIZES, in the first process."""
    from mpi4py import MPI

    found = []
    for size in SIZES:
        row = np.ones(size // 4, np.float32)
        repeats = max(5, min(2000, 20_000_000 // size))
        MPI.COMM_WORLD.Allreduce(MPI.IN_PLACE, row)
        MPI.COMM_WORLD.Barrier()
        start = time.perf_counter()
        for _ in range(repeats):
            row.fill(1)
            MPI.COMM_WORLD.Allreduce(MPI.IN_PLACE, row)
        found.append(1e6 * (time.perf_counter() - start) / repeats)
    return found if MPI.COMM_WORLD.rank == 0 else None


def main() -> None:
    sides = {
        "step": Candidate(sys.executable, "benchmarks.machines", ["step"], 1),
        "messages": Candidate(sys.executable, "benchmarks.machines", ["messages"], 1, processes=2),
    }
    rounds = [{side: in_a_process(candidate) for side, candidate in sides.items()} for _ in range(ROUNDS)]
    results = {
        "machine": machine(),
        "batch": BATCH,
        "milliseconds": float(f"{min(each['step'] for each in rounds):.3g}"),
        "bytes": SIZES,
        "microseconds": [float(f"{time:.3g}") for time in np.min([each["messages"] for each in rounds], axis=0)],
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf8")
    print(json.dumps(results))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        measured = {"step": step, "messages": messages}[sys.argv[2]]()
        if measured is not None:
            print(json.dumps(measured))
    else:
        main()
