"""Times of several sides that are fair to each: every measurement in a process of its own, the sides taking turns."""

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROUNDS = 3


class Candidate(NamedTuple):
    """One way to run a side: a Python, the module and its arguments after `--side`, the threads of its libraries, and how
    many processes share the work, by MPI.
    """

    python: str
    module: str
    arguments: list[str]
    threads: int
    processes: int = 1


def in_a_process(candidate: Candidate) -> Any:
    """What the candidate prints, as JSON; None if what it imports isn't installed."""
    environment = os.environ | {
        f"{library}_NUM_THREADS": str(candidate.threads) for library in ("OMP", "OPENBLAS", "MKL")
    }
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    for kernels in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # would slow down numpy, and not its peers
        environment.pop(kernels, None)
    start = [candidate.python]
    if candidate.processes > 1:
        mpiexec = Path(candidate.python).with_name("mpiexec")
        start = [str(mpiexec), "-n", str(candidate.processes), candidate.python, "-m", "mpi4py"]
    run = subprocess.run(
        [*start, "-m", candidate.module, "--side", *candidate.arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    if "ModuleNotFoundError" in run.stderr:
        return None
    if run.returncode:
        sys.exit(f"{candidate} failed:\n{run.stderr}")
    return json.loads(run.stdout)


def medians(name: str, sides: dict[str, list[Candidate]]) -> dict[str, Any]:
    """For each side, the median of three rounds of its fastest candidate; sides that aren't installed are left out.

    What a candidate prints may also be several numbers; the first decides which is the fastest.
    """
    best: dict[str, Candidate] = {}
    for side, candidates in sides.items():
        # Three trials for each candidate, taking turns, since another program may disturb one.
        trials = [[in_a_process(candidate) for candidate in candidates] for _ in range(3)]
        if None in trials[0]:
            print(f"{side} isn't installed for {candidates[0].python}: left out")
        else:
            of_candidates = median(trials)
            best[side] = candidates[of_candidates.index(min(of_candidates))]
            for candidate, time in zip(candidates, of_candidates, strict=True):
                print(
                    f"{name}, trial: {side} {time} with {candidate.threads} threads ({' '.join(candidate.arguments)})",
                    flush=True,
                )
    times: dict[str, list[Any]] = {side: [] for side in best}
    for round_ in range(ROUNDS):
        for side, candidate in best.items():
            times[side].append(in_a_process(candidate))
            how = " ".join(candidate.arguments)
            print(
                f"{name}, round {round_ + 1}: {side} {times[side][-1]} with {candidate.threads} threads ({how})",
                flush=True,
            )
    return {side: median(several) for side, several in times.items()}


def median(several: list[Any]) -> Any:
    if isinstance(several[0], list):
        return [median(list(column)) for column in zip(*several, strict=True)]
    return float(f"{statistics.median(several):.3g}")


def machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"
