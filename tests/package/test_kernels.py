"""What is written for speed computes what its docstring says, however the numbers lie in memory."""

import inspect
import math
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml import _kernels as kernels
from scratchml._kernels import STRETCH, add_rows, gelu_and_slope, stretches, uninterrupted

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)

DTYPES = [np.float32, np.float64]
SHAPES = [(1, 1), (1, 7), (5, 1), (5, 7), (2, 3, 4), (2, 1, 3, 5), (3, 600)]
LAYOUTS = {
    "in order": np.ascontiguousarray,
    "transposed": np.asfortranarray,
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "swapped": lambda x: np.ascontiguousarray(x.swapaxes(0, -1)).swapaxes(0, -1),
}


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, 6]).normal(size=shape)


def plain_softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def plain_gelu_and_slope(z):
    scale = math.sqrt(2 / math.pi)
    phi = (1 + np.tanh(scale * (z + 0.044715 * z**3))) / 2
    return z * phi, phi + 2 * z * phi * (1 - phi) * scale * (1 + 3 * 0.044715 * z**2)


def added_rows(to, places, x, by):
    by(to, places, x)
    return to


def centered(x):
    return x - x.mean(axis=-1, keepdims=True)


#: kernel → (the formula in its docstring, what it is given for an array x of that shape)
FORMULAS = {
    "rows": (lambda x: x.reshape(-1, x.shape[-1]), lambda x: [x]),
    "matmul": (lambda x, matrix: x @ matrix, lambda x: [x, numbers(x.shape[-1], 3, seed=1).astype(x.dtype)]),
    "row_max": (lambda x: x.max(axis=-1, keepdims=True), lambda x: [x]),
    "row_sum": (lambda x: x.sum(axis=-1, keepdims=True), lambda x: [x]),
    "row_mean": (lambda x: x.mean(axis=-1, keepdims=True), lambda x: [x]),
    "row_variance": (lambda x: (x**2).mean(axis=-1, keepdims=True), lambda x: [centered(x)]),
    "row_dot": (lambda x, y: (x * y).sum(axis=-1, keepdims=True), lambda x: [x, 1 + x[::-1]]),
    "column_sum": (lambda x: x.reshape(-1, x.shape[-1]).sum(axis=0), lambda x: [x]),
    "add_rows": (
        lambda to, places, x: added_rows(to, places, x, np.add.at),
        lambda x: [
            numbers(4, x.shape[-1], seed=1).astype(x.dtype),
            np.random.default_rng(0).integers(4, size=x.shape[:-1]),
            x,
        ],
    ),
    "softmax_in_place": (plain_softmax, lambda x: [5 * x]),
    "gelu_and_slope": (plain_gelu_and_slope, lambda x: [3 * x]),
}
IN_PLACE = ["softmax_in_place"]
WITHOUT_A_FORMULA = {"stretches", "keep_freed_memory", "uninterrupted"}


def result_of(name, arguments):
    if name == "add_rows":
        return added_rows(*arguments, by=add_rows)
    return getattr(kernels, name)(*arguments)


def test_every_kernel_is_compared_with_its_formula():
    own = {
        name
        for name, member in vars(kernels).items()
        if inspect.isroutine(member) or inspect.isclass(member)
        if member.__module__ == kernels.__name__ and not name.startswith("_")
    }
    assert own - WITHOUT_A_FORMULA == set(FORMULAS)


@pytest.mark.parametrize(
    ("name", "layout"),
    # What is written over lies in order.
    [(name, layout) for name in FORMULAS for layout in (LAYOUTS if name not in IN_PLACE else ["in order"])],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_computes_the_formula_in_its_docstring(name, layout, dtype):
    formula, arguments_for = FORMULAS[name]
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}
    for shape in SHAPES:
        x = LAYOUTS[layout](numbers(*shape).astype(dtype))
        expected = formula(*(a if a.dtype.kind == "i" else a.astype(float) for a in arguments_for(x)))
        got = result_of(name, arguments_for(x))
        for one, right in zip(*(r if isinstance(r, tuple) else (r,) for r in (got, expected)), strict=True):
            assert one.shape == right.shape and one.dtype == dtype
            np.testing.assert_allclose(one, right, **tolerance, err_msg=str(shape))


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("shape", [(5, 7), (2, 3, 4)], ids=str)
def test_none_changes_what_it_is_given_but_where_it_says_so(name, shape):
    _, arguments_for = FORMULAS[name]
    arguments, kept = arguments_for(numbers(*shape)), arguments_for(numbers(*shape))
    result = result_of(name, arguments)
    written_over = 1 if name in IN_PLACE or name == "add_rows" else 0
    for argument, before in list(zip(arguments, kept, strict=True))[written_over:]:
        np.testing.assert_array_equal(argument, before)
    if written_over:
        assert np.shares_memory(result, arguments[0])


def test_more_than_one_stretch_of_rows_is_softmax_too():
    for width in (1, 3, 500, STRETCH // 2, STRETCH + 1):
        x = numbers(STRETCH // width * 2 + 3, width)
        np.testing.assert_allclose(kernels.softmax_in_place(x.copy()), plain_softmax(x), rtol=1e-11)


@pytest.mark.parametrize("size", [0, 1, STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH + 5])
def test_more_than_one_stretch_of_numbers_is_gelu_too(size):
    z = 3 * numbers(size)
    for got, expected in zip(gelu_and_slope(z), plain_gelu_and_slope(z), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-14)


def test_gelu_takes_a_number_without_an_axis():
    for got, expected in zip(gelu_and_slope(np.array(0.5)), plain_gelu_and_slope(np.array(0.5)), strict=True):
        assert got.shape == () and got == pytest.approx(expected, rel=1e-12)


@quick
@given(st.integers(0, 5 * STRETCH), st.integers(1, 3 * STRETCH))
def test_stretches_are_all_rows_once_in_order_and_none_is_longer_than_one_row_or_a_stretch(length, width):
    end = 0
    for part in stretches(length, width):
        start, stop, step = part.indices(length)
        assert start == end < stop and step == 1
        assert (stop - start) * width <= STRETCH or stop - start == 1
        end = stop
    assert end == length


def test_stretches_of_single_numbers_are_as_long_as_they_may_be():
    assert [len(range(2 * STRETCH + 5)[part]) for part in stretches(2 * STRETCH + 5)] == [STRETCH, STRETCH, 5]


@quick
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.sampled_from([np.int64, np.uint8, np.int32, np.uint64]))
def test_rows_for_the_same_place_are_added_up_whatever_their_order(places, dtype):
    places, x = np.array(places, dtype), numbers(len(places), 3)
    got, expected = numbers(6, 3, seed=1), numbers(6, 3, seed=1)
    add_rows(got, places, x)
    np.add.at(expected, places, x)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
def test_a_variance_that_is_no_number_is_an_error(bad):
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"^a variance went beyond .*, got (nan|inf) in row 1"),
    ):
        kernels.row_variance(np.array([[1.0, -1.0], [bad, 0.0]]))


@pytest.mark.parametrize("row", [[-np.inf, -np.inf], [np.inf, 1.0], [np.nan, 1.0]])
def test_softmax_of_a_row_without_a_largest_number_is_an_error(row):
    with pytest.raises(FloatingPointError, match=r"^the largest score went beyond .*, got (-inf|inf|nan) in row 1"):
        kernels.softmax_in_place(np.array([[1.0, 2.0], row]))


@pytest.mark.parametrize("x", [[[3.0, 5.0, -np.inf]], [[-np.inf, -2.0]], [[1.0, 1.0]], [[-1e308, 1e308]]])
def test_the_largest_of_a_row_is_found_beside_minus_infinity_and_equals(x):
    np.testing.assert_array_equal(kernels.row_max(np.array(x)), [[max(x[0])]])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it does nothing")
def test_freed_memory_is_kept():
    """The pages of a large array that has been freed are there for the next one, instead of being asked for again."""
    program = """
import resource, sys
import numpy as np
from scratchml._kernels import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def pages_asked_for():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**21)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
pages_asked_for()
print(pages_asked_for())
"""
    asked_for = {}
    for how in ("kept", "handed back"):
        run = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True)
        asked_for[how] = int(run.stdout)
    if asked_for["handed back"] < 4:
        pytest.skip("this system's C library keeps it by itself")
    assert asked_for["kept"] < asked_for["handed back"] / 4


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def default_handler():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def own_handler():
    """What is called when Ctrl-C is pressed, noted in a list."""
    noted = []
    signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    return noted


class TestUninterrupted:
    def test_ctrl_c_in_the_block_comes_after_it(self):
        done, before = [], signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            with uninterrupted():
                press_ctrl_c()
                done.append("the rest of the block")
            done.append("what comes after it")
        assert done == ["the rest of the block"]
        assert signal.getsignal(signal.SIGINT) is before

    def test_without_it_nothing_happens_and_ctrl_c_works_as_before(self):
        before = signal.getsignal(signal.SIGINT)
        with uninterrupted():
            pass
        assert signal.getsignal(signal.SIGINT) is before
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()

    def test_a_handler_of_ones_own_is_called_once_after_the_block(self, own_handler):
        with uninterrupted():
            press_ctrl_c()
            press_ctrl_c()
            assert own_handler == []
        assert own_handler == [signal.SIGINT]

    def test_an_error_in_the_block_does_not_lose_it(self, own_handler):
        with pytest.raises(ZeroDivisionError), uninterrupted():
            press_ctrl_c()
            1 / 0  # noqa: B018
        assert own_handler == [signal.SIGINT]
        with uninterrupted():
            press_ctrl_c()
        assert own_handler == [signal.SIGINT] * 2

    def test_one_block_in_another_waits_for_the_outer_one(self, own_handler):
        with uninterrupted():
            with uninterrupted():
                press_ctrl_c()
            assert own_handler == []
        assert own_handler == [signal.SIGINT]

    def test_ignored_it_stays_ignored(self, own_handler):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with uninterrupted():
            press_ctrl_c()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

    def test_in_another_thread_it_leaves_ctrl_c_to_the_main_one(self):
        before, seen = signal.getsignal(signal.SIGINT), []

        def work():
            with uninterrupted():
                seen.append(signal.getsignal(signal.SIGINT))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert seen == [before]

    @pytest.mark.skipif(sys.platform == "win32", reason="another exit code")
    def test_where_ctrl_c_ends_the_program_at_once_it_ends_it_after_the_block(self):
        program = """
import signal
from scratchml._kernels import uninterrupted
signal.signal(signal.SIGINT, signal.SIG_DFL)
with uninterrupted():
    signal.raise_signal(signal.SIGINT)
    print("the rest of the block", flush=True)
print("what comes after it", flush=True)
"""
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert (run.returncode, run.stdout) == (-signal.SIGINT, "the rest of the block\n")
