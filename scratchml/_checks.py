"""What the package refuses, and in which words; a check is one line where it is called.

All raise ValueError, saying what came and what was expected.
"""

import math
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from numbers import Integral, Real
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating[Any]]
IntegerArray = NDArray[np.integer[Any]]
T = TypeVar("T", Array, float)


class _Inside(threading.local):
    """`with inside(call):` marks that a module computes, so that the values in an array
    are looked at once, where the user calls, and not again by each part of a model.
    `call` tells one forward of the user's, with the way back from it, from another.
    """

    call: object = None  # None outside

    def __call__(self, call: object) -> Self:
        self._entered = call
        return self

    def __enter__(self) -> None:
        self.call = self._entered

    def __exit__(self, *error: object) -> None:
        self.call = None

    def __bool__(self) -> bool:
        return self.call is not None


inside = _Inside()


# Settings.


class Setting:
    """An attribute of an object, a float, that is looked at whenever it is set, at the
    start or later.
    """

    def __init__(self, look: Callable[..., None]) -> None:
        self._look = look

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> float:
        value: Any = self if instance is None else vars(instance)[self._name]
        return value

    def __set__(self, instance: Any, value: float) -> None:
        self._look(**{self._name: value})
        vars(instance)[self._name] = float(value)


def integers_from(lowest: int, **settings: Any) -> None:
    """Each an integer from `lowest` up, and of a kind that doesn't wrap around."""
    for name, value in settings.items():
        narrow = isinstance(value, np.integer) and (
            value.itemsize < 4 or value.dtype == np.uint64
        )
        if not isinstance(value, Integral) or isinstance(value, bool) or narrow:
            hint = ", which would wrap around: use int(…)" if narrow else ""
            raise ValueError(
                f"{name} must be an integer from {lowest} up, got {value!r}{hint}"
            )
        if value < lowest:
            raise ValueError(f"{name} must be at least {lowest}, got {value}")


def layer_sizes(sizes: Any) -> None:
    instance((list, tuple), layer_sizes=sizes)
    if len(sizes) < 2:
        raise ValueError(
            f"layer_sizes needs at least the number of inputs and the number of "
            f"outputs, got {sizes}"
        )


def multiple(**settings: int) -> None:
    """The first a multiple of the second."""
    (name, value), (other_name, other) = settings.items()
    if value % other:
        raise ValueError(
            f"{name} must be a multiple of {other_name}, got {value} and {other}"
        )


def even(**settings: int) -> None:
    for name, value in settings.items():
        if value % 2:
            raise ValueError(f"{name} must be even, got {value}")


def one_of(choices: Collection[Any], **settings: Any) -> None:
    for name, value in settings.items():
        if not isinstance(value, (str, bool)) or value not in choices:
            raise ValueError(
                f"{name} must be one of {', '.join(map(str, choices))}, got {value!r}"
            )


def positive(**settings: Any) -> None:
    """Each a finite number above 0."""
    for name, value in settings.items():
        if not (_is_number(value) and 0 < value < math.inf):
            raise ValueError(f"{name} must be a number above 0, got {value!r}")


def not_negative(**settings: Any) -> None:
    """Each a finite number from 0 up."""
    for name, value in settings.items():
        if not (_is_number(value) and 0 <= value < math.inf):
            raise ValueError(f"{name} must be a number from 0 up, got {value!r}")


def below_one(**settings: Any) -> None:
    """Each a number from 0 to below 1."""
    for name, value in settings.items():
        if not (_is_number(value) and 0 <= value < 1):
            raise ValueError(f"{name} must be from 0 to below 1, got {value!r}")


def probability(**settings: Any) -> None:
    """Each a number above 0 and at most 1."""
    for name, value in settings.items():
        if not (_is_number(value) and 0 < value <= 1):
            raise ValueError(f"{name} must be above 0 and at most 1, got {value!r}")


def at_most(highest: float, **settings: float) -> None:
    for name, value in settings.items():
        if value > highest:
            raise ValueError(f"{name} must be at most {highest}, got {value}")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def instance(kind: type | tuple[type, ...], **arguments: object) -> None:
    """Each an object of that class, or of one of those classes."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    for name, value in arguments.items():
        if not isinstance(value, kinds):
            wanted = " or ".join(_with_article(k.__name__) for k in kinds)
            raise ValueError(f"{name} must be {wanted}, got {_described(value)}")


def text(**arguments: object) -> None:
    """Each a text that UTF-8 can hold."""
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a text, got {_described(value)}")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{name} must be a text that UTF-8 can hold, got half of a pair, "
                f"{value[error.start]!r}, at {error.start}"
            ) from None


def _described(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    written = repr(value)
    kind = _with_article(type(value).__name__)
    return kind if len(written) > 60 else f"{kind}, {written}"


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIOaeio" else f"a {noun}"


def known_characters(value: str, known: Collection[str]) -> None:
    unknown = sorted({character for character in value if character not in known})
    if unknown:
        raise ValueError(
            f"this tokenizer doesn't know the characters {unknown[:10]}; it knows "
            f"{len(known)} others"
        )


def token_list(
    tokens: Iterable[Any], vocab_size: int, what: str = "tokens must be"
) -> None:
    for token in tokens:
        is_integer = isinstance(token, Integral) and not isinstance(token, bool)
        if not (is_integer and 0 <= token < vocab_size):
            raise ValueError(
                f"{what} integers from 0 to {vocab_size - 1}, got {token!r}"
            )


def pair(value: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{name} must be a pair, got {_described(value)}")
    return value[0], value[1]


# Arrays.


def numbers(x: ArrayLike, name: str = "x") -> NDArray[Any]:
    """`as_numbers`, and none of them NaN."""
    return _without_nan(as_numbers(x, name), name)


def floats(x: ArrayLike, name: str = "x", dtype: DTypeLike | None = None) -> Array:
    """`as_floats`, and none of them NaN."""
    return _without_nan(as_floats(x, name, dtype), name)


def _without_nan(array: NDArray[Any], name: str) -> NDArray[Any]:
    if inside.call is None and array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError(f"{name} must be numbers, got {_place(array, np.isnan)}")
    return array


def as_numbers(x: ArrayLike, name: str = "x") -> NDArray[Any]:
    """x as an array of numbers, with the dtype that it has."""
    if type(x) is np.ndarray and (inside.call or x.dtype.kind in "biuf"):
        return x
    array = _array(x, name)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers, got {_sample(array)}")
    return array


def _array(x: ArrayLike, name: str, kind: str = "an array") -> NDArray[Any]:
    if isinstance(x, np.ma.MaskedArray):
        raise ValueError(
            f"{name} must be a plain array, got a masked one, whose mask would be lost"
        )
    try:
        return np.asarray(x)
    except ValueError:
        raise ValueError(
            f"{name} must be {kind}, got rows of different lengths"
        ) from None


def as_floats(x: ArrayLike, name: str = "x", dtype: DTypeLike | None = None) -> Array:
    """x as an array of floats, of that dtype. Without one, float32 stays float32, and
    all other numbers become float64: small integers would wrap around (as uint8, −3 is
    253), and float16 is too coarse to compute with.
    """
    array = as_numbers(x, name)
    if dtype is None:
        dtype = array.dtype if array.dtype == np.float32 else np.float64
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if array.dtype.kind == "f" and np.isinf(converted).sum() > np.isinf(array).sum():
        wanted = np.dtype(dtype)
        raise ValueError(f"{name} has numbers that are too large for {wanted}")
    return converted


def float_dtype(dtype: DTypeLike) -> None:
    try:
        fits = np.dtype(dtype) in (np.float32, np.float64) and dtype is not None
    except TypeError:
        fits = False
    if not fits:
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")


def storable(x: Array, dtype: DTypeLike, name: str) -> Array:
    """x in a floating-point dtype, float16 too, to be written to a file."""
    try:
        stored_as = np.dtype(dtype)
    except TypeError:
        stored_as = np.dtype(object)
    if stored_as.kind != "f":
        raise ValueError(f"dtype must be a floating-point one, got {dtype!r}")
    finite(x, name)
    with np.errstate(over="ignore"):
        stored = x.astype(stored_as)
    if np.isinf(stored).any():
        raise ValueError(f"{name} has numbers that are too large for {dtype}")
    return stored


def row(x: ArrayLike, name: str) -> Array:
    array = floats(x, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name} must be a row of numbers, at least one, got shape {array.shape}"
        )
    return array


def scores(x: ArrayLike) -> Array:
    """x as an array of floats, in each of whose rows there is a largest one."""
    array = floats(x)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"x must have at least one score along an axis, got shape {array.shape}"
        )
    if not inside:
        largest = array.max(axis=-1)
        if not np.isfinite(largest).all():
            raise ValueError(
                f"x must be numbers or −∞, with at least one number in each row, got "
                f"{_place(largest, lambda x: ~np.isfinite(x))} as a row's largest"
            )
    return array


def finite(x: Array, name: str = "x") -> None:
    """At least one number, and neither NaN nor infinite."""
    if x.size == 0:
        raise ValueError(f"{name} must hold at least one number, got shape {x.shape}")
    if not np.isfinite(x).all():
        wrong = _place(x, lambda x: ~np.isfinite(x))
        raise ValueError(f"{name} must be finite numbers, got {wrong}")


def no_overflow(x: T, what: str) -> T:
    """x itself. Raises FloatingPointError where what was computed isn't finite."""
    if not np.isfinite(x).all():
        wrong = _place(np.asarray(x), lambda x: ~np.isfinite(x))
        raise FloatingPointError(
            f"{what} went beyond the range of numbers, got {wrong}"
        )
    return x


def shape(expected: tuple[int, ...], note: str = "", /, **arrays: ArrayLike) -> None:
    for name, array in arrays.items():
        got = _array(array, name).shape
        if got != expected:
            raise ValueError(f"{name} must have the shape {note}{expected}, got {got}")


def last_axis(size: int, x: Array) -> None:
    if x.ndim == 0 or x.shape[-1] != size:
        raise ValueError(f"x must have the shape (…, {size}), got {x.shape}")


def rows_of(width: int, x: Array, takes: str, got: tuple[int, ...]) -> None:
    """At least one row of so many finite numbers; `got` is the shape that came."""
    if x.ndim != 2 or x.shape[1] != width or len(x) == 0:
        raise ValueError(f"{takes} (rows, {width}) with at least one row, got {got}")
    finite(x, "inputs")


def embeddings(size: int, x: Array) -> None:
    """The embeddings of a text, or of a batch of texts."""
    if x.ndim not in (2, 3) or x.shape[-1] != size or x.size == 0:
        raise ValueError(
            f"x must have the shape (T, {size}) or (B, T, {size}), with at least one "
            f"token, got {x.shape}"
        )


def indices(x: ArrayLike, size: int, name: str) -> IntegerArray:
    """A copy of x, if these are integers from 0 to size − 1."""
    array = integers(x, name)
    if array.size and (array.min() < 0 or array.max() >= size):
        raise ValueError(
            f"{name} must be from 0 to {size - 1}, got {array.min()} to {array.max()}"
        )
    return array


def integers(x: ArrayLike, name: str) -> IntegerArray:
    """A copy of x, if these are integers."""
    array = np.array(_array(x, name, "integers"))
    if array.size == 0 and isinstance(x, list):
        array = array.astype(np.int64)  # of [] numpy makes floats
    if array.dtype.kind in "USO" and array.size:
        raise ValueError(f"{name} must be integers, got {_sample(array)}")
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integers, got {array.dtype} with shape {array.shape}"
        )
    return array


def tokens(x: ArrayLike, vocab_size: int) -> IntegerArray:
    """A copy of x, if these are tokens, at least one."""
    array = indices(x, vocab_size, "tokens")
    if array.size == 0:
        raise ValueError(f"tokens must be at least one, got shape {array.shape}")
    return array


def forwarded(result: Any, by: object) -> tuple[Any, Any]:
    """What the `_forward` of a layer or a loss returned: a pair, with a tuple."""
    if type(result) is tuple and len(result) == 2 and type(result[1]) is tuple:
        return result
    raise ValueError(
        f"{type(by).__name__}._forward must return a pair: the result, and a tuple of "
        f"what backward needs, got {_with_article(type(result).__name__)}"
    )


def cache_among(args: tuple[Any, ...], more: dict[str, Any]) -> Any:
    """The KeyValueCache among the arguments of a forward, or None."""
    cache = more.get("cache")
    if cache is None:
        return next((a for a in args if hasattr(a, "begin_pass")), None)
    if isinstance(cache, type) or not hasattr(cache, "begin_pass"):
        raise ValueError(f"cache must be a KeyValueCache, got {_described(cache)}")
    return cache


def context(x: IntegerArray, room: int) -> None:
    """A text, or a batch of texts, for which the context has room."""
    if x.ndim not in (1, 2) or x.shape[-1] > room:
        raise ValueError(
            f"tokens must have the shape (T,) or (B, T) with T at most {room}, what "
            f"the context still holds, got {x.shape}"
        )


def mask(x: ArrayLike, expected: tuple[int, ...]) -> NDArray[np.bool_]:
    """x as an array of True and False, or of 1 and 0, of that shape, if it lets every
    token look at something.
    """
    array = _array(x, "mask")
    boolean = array.astype(bool) if array.dtype.kind in "biuf" else None
    if array.shape != expected or boolean is None or (boolean != array).any():
        raise ValueError(
            f"mask must have the shape {expected} and hold True and False, or 1 and 0, "
            f"got {array.dtype} with shape {array.shape}"
        )
    allowed = boolean.any(axis=-1)
    if not allowed.all():
        raise ValueError(
            f"every row of mask must have a True, got none in row {allowed.argmin()}: "
            f"that token could look at nothing"
        )
    return boolean


def attention(query: ArrayLike, key: ArrayLike, value: ArrayLike) -> list[Array]:
    """The three as arrays, if they have the shapes (…, T, D), (…, S, D), (…, S, E)."""
    named = {"query": query, "key": key, "value": value}
    query, key, value = arrays = [floats(x, name) for name, x in named.items()]
    if not (
        min(x.ndim for x in arrays) >= 2
        and query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
        and query.shape[-1] == key.shape[-1]
        and key.shape[-2] == value.shape[-2]
        and 0 not in query.shape + value.shape
    ):
        raise ValueError(
            f"query, key and value must have the shapes (…, T, D), (…, S, D) and "
            f"(…, S, E), none of them 0, got {query.shape}, {key.shape} and "
            f"{value.shape}"
        )
    if not inside:
        for name, array in zip(named, arrays, strict=True):
            finite(array, name)
    return arrays


def attention_outputs(
    gradient: ArrayLike, weights: ArrayLike, query: Array, value: Array
) -> tuple[Array, Array]:
    """∂C/∂output (…, T, E) and the attention weights (…, T, S) as arrays."""
    gradient, weights = floats(gradient, "gradient"), floats(weights, "weights")
    shape(query.shape[:-1] + value.shape[-1:], gradient=gradient)
    shape(query.shape[:-1] + value.shape[-2:-1], weights=weights)
    if not inside:
        finite(gradient, "gradient")
        finite(weights, "weights")
    return gradient, weights


def pairs(batches: Any) -> Iterator[tuple[Any, Any]]:
    """The batches, each of which must be a pair of inputs and targets."""
    is_pair = isinstance(batches, tuple) and len(batches) == 2
    if is_pair and not isinstance(batches[0], tuple) and np.ndim(batches[0]) > 0:
        raise ValueError(
            "batches must be pairs (inputs, targets), got one such pair: make a list "
            "of it, [(inputs, targets)], or MiniBatches(inputs, targets, rng=rng)"
        )
    if not isinstance(batches, Iterable):
        raise ValueError(
            f"batches must be pairs (inputs, targets), got {_described(batches)}"
        )
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise ValueError(
                f"a batch must be a pair (inputs, targets), got {_described(batch)}"
            )
        yield batch[0], batch[1]


def _sample(array: NDArray[Any]) -> str:
    """What in this array isn't a number."""
    for entry in array.ravel().tolist() if array.dtype.kind in "OUS" else ():
        if not isinstance(entry, (int, float)):
            return _described(entry)
    return f"an array of {array.dtype}"


def _place(array: Array, wrong: Any) -> str:
    place = np.argwhere(wrong(array))[0].tolist()
    value = array[tuple(place)]
    if len(place) == 2:
        return f"{value} in row {place[0]}, column {place[1]}"
    return f"{value} at {place}" if place else f"{value}"
