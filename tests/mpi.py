"""How the tests start several processes by MPI, which speak to each other on this computer alone."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED_MEMORY = r"/dev/shm/mpich_shm_\w+"

needed = pytest.mark.skipif(
    sys.platform == "win32", reason="MPI for Windows is found and started in another way than here"
)


def mpiexec() -> str:
    """Where it is: the one beside this Python, or else any."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if found is None:
        pytest.fail("these tests need mpiexec, which the extra “distributed” brings", pytrace=False)
    return found


def environment() -> dict[str, str]:
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "HYDRA_IFACE": loopback,  # where mpiexec listens,
        "UCX_NET_DEVICES": loopback,  # and the processes, over one of two libraries
        "FI_TCP_IFACE": loopback,
        "MPIEXEC_TIMEOUT": "100",  # it ends the processes, too
    }


def shared_memory() -> list[str]:
    """The files by which this process speaks to the others: for a process that may fail to print."""
    return re.findall(SHARED_MEMORY, Path("/proc/self/maps").read_text())


def clear(printed: str) -> None:
    """Take away such files, which MPI leaves behind when a process fails."""
    for memory in set(re.findall(SHARED_MEMORY, printed)):
        Path(memory).unlink(missing_ok=True)
