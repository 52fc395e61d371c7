"""Files that are whole at every moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` when all is written; until
    then, and after an error, the old one stays. (If the process is killed, a file that
    ends in ".half" may stay beside it.)
    """
    path = Path(path)
    half = path.with_name(f"{path.name}.{os.getpid()}.half")  # beside it, to be renamed
    try:
        with open(half, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before it takes the name
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
