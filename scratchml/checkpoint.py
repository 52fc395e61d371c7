"""A model in a file: to use it later, or to go on training (chapter 24).

A checkpoint is an .npz file, numpy's archive of arrays, without anything pickled:
opening one runs nobody's code.
"""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from scratchml._arrays import check_floating
from scratchml.optimizers import Optimizer
from scratchml.tokenizers import Tokenizer
from scratchml.transformer import GPT, GPTConfig

_FORMAT = "scratchml checkpoint 1"
_WEIGHTS = Path(__file__).parent / "weights"


def save_checkpoint(
    path: str | Path,
    model: GPT,
    *,
    tokenizer: Tokenizer | None = None,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
    dtype: DTypeLike | None = None,
) -> None:
    """Write the model to a file, with its configuration; and whatever else is given:
    the tokenizer, to use the model; the optimizer and the Generator of the batches, to
    go on training, with the same settings, as if nothing had happened.

    `dtype` stores the parameters in another precision: "float16" halves the file, and
    rounds them. At every moment there is either the old file or the new one at `path`,
    whole. (If the process is killed, a file that ends in ".half" may stay beside it.)
    Raises ValueError for a dtype that isn't a floating-point one, or is too small for
    the parameters.
    """
    dtype = dtype or model.config.dtype
    check_floating(dtype)
    entries: dict[str, Any] = {
        "format": _FORMAT,
        "config": json.dumps(asdict(model.config)),
    }
    if tokenizer is not None:
        entries["tokenizer"] = tokenizer.to_json()
    if rng is not None:
        state = rng.bit_generator.state
        entries["rng"] = json.dumps(state, default=np.ndarray.tolist)
    for name, value in model.state().items():
        with np.errstate(over="ignore"):
            entries[f"parameter:{name}"] = stored = value.astype(dtype)
        if np.isinf(stored).any() and not np.isinf(value).any():
            raise ValueError(f"{name} has numbers that are too large for {dtype}")
    if optimizer is not None:
        for name, array in optimizer.state().items():
            entries[f"optimizer:{name}"] = array

    path = Path(path)
    half = path.with_name(f"{path.name}.{os.getpid()}.half")  # beside it, to be renamed
    try:
        with open(half, "wb") as file:
            np.savez_compressed(file, **entries)
            file.flush()
            os.fsync(file.fileno())  # on the disk before it takes the name
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def load_checkpoint(path: str | Path) -> tuple[GPT, Tokenizer | None]:
    """The model in a file, and its tokenizer if one was saved.

    Raises ValueError for a file that is damaged, or no checkpoint.
    """
    contents = _read(path)
    model = GPT(contents.config, rng=0)
    try:
        model.load_state(contents.parameters)
    except ValueError as error:
        raise ValueError(f"{path} doesn't fit its own configuration: {error}") from None
    return model, contents.tokenizer


def resume_checkpoint(
    path: str | Path,
    model: GPT,
    *,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Put the model, and the optimizer and the Generator if given, into the state that
    they had when the file was saved.

    Raises ValueError for a file that is damaged, no checkpoint, or one of another
    model, optimizer or kind of Generator. Then nothing has changed.
    """
    contents = _read(path)
    if contents.config != model.config:
        theirs, ours = asdict(contents.config), asdict(model.config)
        differences = [
            f"{name} is {theirs[name]} in the file and {ours[name]} in this model"
            for name in ours
            if theirs[name] != ours[name]
        ]
        raise ValueError(f"{path} holds another model: {', '.join(differences)}")
    if optimizer is not None and not contents.optimizer:
        raise ValueError(f"{path} was saved without an optimizer")
    if rng is not None and contents.rng is None:
        raise ValueError(f"{path} was saved without a random generator")

    before = model.state()
    optimizer_before = None if optimizer is None else optimizer.state()
    rng_before = None if rng is None else rng.bit_generator.state
    try:
        model.load_state(contents.parameters)
        if optimizer is not None:
            optimizer.load_state(contents.optimizer)
        if rng is not None:
            rng.bit_generator.state = contents.rng
    except Exception as error:
        model.load_state(before)
        if optimizer is not None and optimizer_before is not None:
            optimizer.load_state(optimizer_before)
        if rng is not None and rng_before is not None:
            rng.bit_generator.state = rng_before
        raise ValueError(f"{path} doesn't fit: {error}") from error


def pretrained(name: str) -> tuple[GPT, Tokenizer]:
    """A small model that comes with the package, and its tokenizer: "idioms" writes
    Chinese idioms of four characters, "names" English given names.

    Prompt them with a newline, and they write a word and a newline. They were made by
    `python -m scratchml.weights.train`. Raises ValueError for another name.
    """
    names = sorted(path.stem for path in _WEIGHTS.glob("*.npz"))
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    model, tokenizer = load_checkpoint(_WEIGHTS / f"{name}.npz")
    assert tokenizer is not None
    return model, tokenizer


class _Contents(NamedTuple):
    config: GPTConfig
    tokenizer: Tokenizer | None
    parameters: dict[str, NDArray[Any]]
    optimizer: dict[str, NDArray[Any]]
    rng: Any  # the state of a bit generator, or None


def _read(path: str | Path) -> _Contents:
    """All that is in a checkpoint, checked as far as that goes without a model."""
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except Exception as error:  # zipfile, zlib and numpy raise many kinds
            raise ValueError(f"{path} is damaged, or no .npz file: {error}") from error
    if "format" not in arrays or str(arrays["format"]) != _FORMAT:
        raise ValueError(
            f"{path} is no checkpoint of scratchml: it should say {_FORMAT!r}, and "
            f"holds {sorted(arrays)[:5]}"
        )

    def part(prefix: str) -> dict[str, NDArray[Any]]:
        named = {n: array for n, array in arrays.items() if n.startswith(prefix)}
        return {n.removeprefix(prefix): array for n, array in named.items()}

    try:
        settings = json.loads(str(arrays["config"]))
        config = GPTConfig(**{f.name: settings[f.name] for f in fields(GPTConfig)})
        tokenizer = None
        if "tokenizer" in arrays:
            tokenizer = Tokenizer.from_json(str(arrays["tokenizer"]))
        rng = json.loads(str(arrays["rng"])) if "rng" in arrays else None
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    return _Contents(config, tokenizer, part("parameter:"), part("optimizer:"), rng)
