"""What a build made, kept in .cache for the next one, which is asked for nearly the same.

Hooks ask for it by a name and by all that it depends on besides what `made` is told: config.extra["kept"]("drawn", version).
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority

CACHE = Path(__file__).parents[2] / ".cache"
Made = TypeVar("Made")


class Kept:
    """Of one kind, what the last build made, and this one; of what this one didn't ask for nothing stays."""

    def __init__(self, path: Path, depends: object) -> None:
        self._path = path
        self._depends = hashlib.sha256(repr(depends).encode()).hexdigest()
        self._before: dict[str, Any] = json.loads(path.read_text("utf8")) if path.exists() else {}
        self._now: dict[str, Any] = {}

    def made(self, asked: object, make: Callable[[], Made]) -> Made:
        """What `make` makes, a value of JSON, from the last build if it was asked the same."""
        key = hashlib.sha256(f"{self._depends}{asked!r}".encode()).hexdigest()
        if key not in self._now:
            self._now[key] = self._before[key] if key in self._before else make()
        made: Made = self._now[key]
        return made

    def keep(self) -> None:
        """Renamed into place, so that another build never reads half of it."""
        if self._now.keys() != self._before.keys():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            half = self._path.with_suffix(f".{os.getpid()}")
            half.write_text(json.dumps(self._now), "utf8")
            half.replace(self._path)


_kept: dict[str, Kept] = {}


@event_priority(50)  # before the hooks that ask for it
def on_config(config: MkDocsConfig) -> None:
    def kept(name: str, *depends: object) -> Kept:
        if name not in _kept:
            _kept[name] = Kept(CACHE / name / f"{config.theme['language']}.json", depends)
        return _kept[name]

    _kept.clear()
    config.extra["kept"] = kept


@event_priority(-100)  # after all that is made
def on_post_build(config: MkDocsConfig) -> None:
    for kept in _kept.values():
        kept.keep()
