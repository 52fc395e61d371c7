"""A model in a file: to use it later, or to go on training (chapter training-a-gpt).

A checkpoint is an .npz file, numpy's archive of arrays, without anything pickled:
opening one runs nobody's code.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

import scratchml._checks as check
from scratchml._files import replaced
from scratchml.activations import ReLU
from scratchml.linear import Linear
from scratchml.module import Sequential
from scratchml.optimizers import Optimizer
from scratchml.tokenizers import Tokenizer
from scratchml.transformer import GPT, GPTConfig

_FORMAT = "scratchml checkpoint 2"
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
    whole. Raises ValueError, and leaves the old file, for a dtype that isn't a
    floating-point one, parameters that are no numbers or too large for it, and for a
    tokenizer or an optimizer of another model.
    """
    check.instance(GPT, model=model)
    dtype = model.config.dtype if dtype is None else dtype
    entries: dict[str, Any] = {
        "format": _FORMAT,
        "config": json.dumps(asdict(model.config), default=int),
    }
    if tokenizer is not None:
        check.instance(Tokenizer, tokenizer=tokenizer)
        _check_vocabulary(tokenizer, model.config)
        entries["tokenizer"] = tokenizer.to_json()
    if rng is not None:
        check.instance(np.random.Generator, rng=rng)
        state = rng.bit_generator.state
        entries["rng"] = json.dumps(state, default=np.ndarray.tolist)
    for name, value in model.state().items():
        entries[f"parameter:{name}"] = check.storable(value, dtype, name)
    if optimizer is not None:
        check.instance(Optimizer, optimizer=optimizer)
        _check_same_parameters(optimizer, model)
        for name, array in optimizer.state().items():
            entries[f"optimizer:{name}"] = array
    with replaced(path) as file:
        np.savez_compressed(file, **entries)


def load_checkpoint(path: str | Path) -> tuple[GPT, Tokenizer | None]:
    """The model in a file, and its tokenizer if one was saved.

    Raises ValueError for a file that is damaged, or no checkpoint.
    """
    contents = _read(path)
    config, parameters = contents.config, contents.parameters
    try:
        # Before a model is made, which might not fit into memory.
        sizes = {
            "token_embedding.weights": config.vocab_size,
            "positions.weights": config.context_length,
        }
        for name in [name for name in sizes if name in parameters]:
            shape = (sizes[name], config.embedding_dim)
            check.shape(shape, **{name: parameters[name]})
        num_blocks = len(
            {n.split(".")[1] for n in parameters if n.startswith("blocks.")}
        )
        if num_blocks != config.num_layers:
            raise ValueError(
                f"num_layers is {config.num_layers}, of {num_blocks} blocks"
            )
        model = GPT(config, rng=0)
        model.load_state(parameters)
    except (ValueError, KeyError, MemoryError) as error:
        raise ValueError(f"{path} must fit its own configuration: {error}") from error
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
    check.instance(GPT, model=model)
    if optimizer is not None:
        check.instance(Optimizer, optimizer=optimizer)
        _check_same_parameters(optimizer, model)
    if rng is not None:
        check.instance(np.random.Generator, rng=rng)
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
    rng_before = None if rng is None else rng.bit_generator.state
    try:
        model.load_state(contents.parameters)
        if rng is not None:
            rng.bit_generator.state = contents.rng
        if optimizer is not None:
            optimizer.load_state(contents.optimizer)  # last: it changes all or nothing
    except Exception as error:
        for name, parameter in model.named_parameters():
            parameter.value = before[name]
        if rng is not None and rng_before is not None:
            rng.bit_generator.state = rng_before
        raise ValueError(f"{path} doesn't fit: {error}") from error


@overload
def pretrained(name: Literal["digits"]) -> Sequential: ...
@overload
def pretrained(name: Literal["idioms", "names"]) -> tuple[GPT, Tokenizer]: ...
def pretrained(name: str) -> Sequential | tuple[GPT, Tokenizer]:
    """A small model that comes with the package. "idioms" writes Chinese idioms of four
    characters, "names" English given names: a GPT and its tokenizer. "digits" reads
    handwritten digits: a network, from images (…, 64) to ten scores (lab digits).

    Prompt a GPT with a newline, and it writes a word and a newline. They were made by
    `python -m scratchml.weights.train`. Raises ValueError for another name.
    """
    check.one_of(sorted(path.stem for path in _WEIGHTS.glob("*.npz")), name=name)
    if name == "digits":
        network = Sequential(Linear(64, 32, rng=0), ReLU(), Linear(32, 10, rng=0))
        with np.load(_WEIGHTS / "digits.npz", allow_pickle=False) as file:
            network.load_state(dict(file))
        return network
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
    written_as = str(arrays.get("format"))
    if written_as != _FORMAT and written_as.startswith("scratchml checkpoint "):
        raise ValueError(
            f"{path} must be a {_FORMAT!r}, got a {written_as!r}: another version of "
            f"scratchml has written it, and only that one can read it"
        )
    if written_as != _FORMAT:
        raise ValueError(
            f"{path} is no checkpoint of scratchml: it should say {_FORMAT!r}, and "
            f"holds {sorted(arrays)[:5]}"
        )

    def with_prefix(prefix: str) -> dict[str, NDArray[Any]]:
        named = {n: array for n, array in arrays.items() if n.startswith(prefix)}
        return {n.removeprefix(prefix): array for n, array in named.items()}

    try:
        settings = json.loads(str(arrays["config"]))
        unknown = sorted(settings.keys() - GPTConfig.__dataclass_fields__.keys())
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    if unknown:
        raise ValueError(
            f"{path} holds a GPT with settings that this scratchml doesn't know: "
            f"{', '.join(unknown)}"
        )
    try:
        config = GPTConfig(**settings)  # fields that came later have their defaults
        tokenizer = None
        if "tokenizer" in arrays:
            tokenizer = Tokenizer.from_json(str(arrays["tokenizer"]))
            _check_vocabulary(tokenizer, config)
        rng = json.loads(str(arrays["rng"])) if "rng" in arrays else None
        parameters = with_prefix("parameter:")
        for name, value in parameters.items():
            if value.dtype.kind != "f":
                raise ValueError(f"{name} must be floats, got {value.dtype}")
            check.finite(value, name)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from error
    return _Contents(config, tokenizer, parameters, with_prefix("optimizer:"), rng)


def _check_vocabulary(tokenizer: Tokenizer, config: GPTConfig) -> None:
    if tokenizer.vocab_size != config.vocab_size:
        raise ValueError(
            f"the tokenizer must have the vocab_size of the model {config.vocab_size}, "
            f"got {tokenizer.vocab_size}"
        )


def _check_same_parameters(optimizer: Optimizer, model: GPT) -> None:
    own = set(map(id, model.parameters()))
    got = set(map(id, optimizer.parameters))
    if got != own:
        raise ValueError(
            f"the optimizer must have all {len(own)} parameters of this model and no "
            f"others, got {len(own & got)} of them and {len(got - own)} others"
        )
