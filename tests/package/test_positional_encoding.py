import math
import re

import numpy as np
import pytest

from scratchml import LearnedPositions, SinusoidalPositions, check_gradients, sinusoidal_positions

SIZES = [(1, 2), (2, 2), (10, 4), (50, 6), (200, 32), (64, 128)]
sizes = pytest.mark.parametrize(("length", "embedding_dim"), SIZES)


@sizes
def test_it_is_the_formula(length, embedding_dim):
    expected = np.empty((length, embedding_dim))
    for t in range(length):
        for column in range(embedding_dim):
            hand = column // 2
            angle = t / 10000 ** (2 * hand / embedding_dim)
            expected[t, column] = math.sin(angle) if column % 2 == 0 else math.cos(angle)
    positions = sinusoidal_positions(length, embedding_dim)
    assert positions.shape == (length, embedding_dim) and positions.dtype == np.float64
    np.testing.assert_allclose(positions, expected, rtol=0, atol=1e-12)


def test_four_columns_worked_out_by_hand():
    # The speeds are 1 and 10000^(−2/4) = 1/100 radians a position.
    expected = [
        [0, 1, 0, 1],
        [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)],
        [math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)],
    ]
    np.testing.assert_allclose(sinusoidal_positions(3, 4), expected, rtol=1e-14)


@sizes
def test_in_the_first_row_all_hands_stand_at_0(length, embedding_dim):
    np.testing.assert_array_equal(sinusoidal_positions(length, embedding_dim)[0], [0, 1] * (embedding_dim // 2))


@sizes
def test_columns_come_in_pairs_on_the_unit_circle(length, embedding_dim):
    positions = sinusoidal_positions(length, embedding_dim)
    assert positions.min() >= -1 and positions.max() <= 1
    np.testing.assert_allclose(positions[:, 0::2] ** 2 + positions[:, 1::2] ** 2, 1, rtol=1e-12)


@pytest.mark.parametrize("embedding_dim", [2, 4, 10, 128])
def test_the_first_hand_turns_one_radian_a_position_and_each_next_one_more_slowly_by_the_same_factor(embedding_dim):
    positions = sinusoidal_positions(2, embedding_dim)
    angles = np.arctan2(positions[1, 0::2], positions[1, 1::2])
    assert angles[0] == pytest.approx(1)
    np.testing.assert_allclose(angles[1:] / angles[:-1], 10000 ** (-2 / embedding_dim), rtol=1e-9)


def test_no_two_positions_are_alike():
    positions = sinusoidal_positions(500, 16)
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1)
    assert distances[~np.eye(500, dtype=bool)].min() > 0.1


@pytest.mark.parametrize("embedding_dim", [2, 8, 32])
def test_the_dot_product_of_two_positions_depends_on_their_distance_only(embedding_dim):
    positions = sinusoidal_positions(60, embedding_dim)
    products = positions @ positions.T
    for distance in range(60):
        np.testing.assert_allclose(np.diagonal(products, distance), products[0, distance], atol=1e-10)
    np.testing.assert_allclose(np.diagonal(products), embedding_dim / 2, rtol=1e-12)


@pytest.mark.parametrize("embedding_dim", [2, 8, 32])
@pytest.mark.parametrize("shift", [1, 3, 20])
def test_a_shift_is_the_same_rotation_at_every_position(embedding_dim, shift):
    positions = sinusoidal_positions(100, embedding_dim)
    rotation = np.zeros((embedding_dim, embedding_dim))
    for i in range(0, embedding_dim, 2):
        angle = shift * 10000 ** (-i / embedding_dim)
        # sin(a + b) = sin a cos b + cos a sin b, and cos(a + b) = cos a cos b − sin a sin b
        rotation[i : i + 2, i : i + 2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(embedding_dim), atol=1e-12)
    np.testing.assert_allclose(positions[:-shift] @ rotation, positions[shift:], atol=1e-10)


@pytest.mark.parametrize("embedding_dim", [2, 6, 32])
def test_a_longer_table_goes_on_where_a_shorter_one_ends(embedding_dim):
    np.testing.assert_array_equal(
        sinusoidal_positions(100, embedding_dim)[:30], sinusoidal_positions(30, embedding_dim)
    )


def test_each_table_is_a_new_array():
    sinusoidal_positions(3, 4)[...] = 7
    assert sinusoidal_positions(3, 4).max() <= 1


@pytest.mark.parametrize("make", [sinusoidal_positions, SinusoidalPositions], ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    ("length", "embedding_dim", "says"),
    [
        (0, 4, "length must be at least 1, got 0"),
        (-1, 4, "length must be at least 1, got -1"),
        (3, 0, "embedding_dim must be at least 1, got 0"),
        (3, -2, "embedding_dim must be at least 1, got -2"),
        (3, 3, "embedding_dim must be even, got 3"),
        (3, 1, "embedding_dim must be even, got 1"),
    ],
)
def test_an_empty_table_and_an_odd_width_are_refused(make, length, embedding_dim, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        make(length, embedding_dim)


@pytest.mark.parametrize(("context_length", "embedding_dim"), [(0, 4), (-1, 4), (4, 0), (4, -1)])
def test_learned_positions_of_no_size_are_refused(context_length, embedding_dim):
    with pytest.raises(ValueError, match=r"^(context_length|embedding_dim) must be at least 1, got (0|-1)$"):
        LearnedPositions(context_length, embedding_dim, rng=0)


#: the two modules, for a context of 5 tokens, and the table that each of them adds
MODULES = {
    "learned": (lambda: LearnedPositions(5, 4, rng=0), lambda module: module.weights.value),
    "sinusoidal": (lambda: SinusoidalPositions(5, 4), lambda module: 0.02 * sinusoidal_positions(5, 4)),
}


def embeddings(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("kind", MODULES)
class TestTheModules:
    @pytest.mark.parametrize("start", range(6))
    @pytest.mark.parametrize("batch", [(), (1,), (3,)], ids=str)
    def test_row_t_of_the_table_is_added_to_token_t(self, kind, batch, start):
        make, table = MODULES[kind]
        module = make()
        for length in range(1, 6 - start):
            x = embeddings(*batch, length, 4)
            expected = [[x[(*b, t)] + table(module)[start + t] for t in range(length)] for b in np.ndindex(batch)]
            np.testing.assert_array_equal(module(x, start), np.reshape(expected, x.shape))

    def test_the_first_token_is_at_position_0_unless_a_start_is_given(self, kind):
        module = MODULES[kind][0]()
        np.testing.assert_array_equal(module(embeddings(3, 4)), module(embeddings(3, 4), 0))

    @pytest.mark.parametrize("start", [0, 2])
    @pytest.mark.parametrize("batch", [(), (3,)], ids=str)
    def test_gradients_are_slopes(self, kind, batch, start):
        module, x, slopes = MODULES[kind][0](), embeddings(*batch, 3, 4), embeddings(*batch, 3, 4, seed=1)
        module(x, start)
        gradients = {"x": module.backward(slopes)} | {name: p.gradient for name, p in module.named_parameters()}
        parameters = {"x": x} | {name: p.value for name, p in module.named_parameters()}
        assert gradients.keys() == ({"x", "weights"} if kind == "learned" else {"x"})
        check_gradients(lambda: float((module(x, start) * slopes).sum()), parameters, gradients)

    @pytest.mark.parametrize("context_length", [1, 4])
    @pytest.mark.parametrize("beyond", [1, 2])
    def test_tokens_beyond_the_context_are_refused(self, kind, context_length, beyond):
        """Numpy would add the last row to all of them, if there is one row left."""
        make = {"learned": lambda t: LearnedPositions(t, 4, rng=0), "sinusoidal": lambda t: SinusoidalPositions(t, 4)}
        end, module = context_length + beyond, make[kind](context_length)
        says = f"^start plus the number of tokens must be at most {context_length}, got {end}$"
        for length in range(1, end + 1):
            with pytest.raises(ValueError, match=says):
                module(np.ones((length, 4)), end - length)

    @pytest.mark.parametrize("start", [-1, -3, 1.0, True, None, "1", np.uint8(1)], ids=repr)
    def test_a_start_that_is_no_position_is_refused(self, kind, start):
        with pytest.raises(ValueError, match=r"^start must be "):
            MODULES[kind][0]()(np.ones((1, 4)), start)

    @pytest.mark.parametrize("shape", [(4,), (3, 5), (1, 2, 3, 4)], ids=str)
    def test_embeddings_of_another_shape_are_refused(self, kind, shape):
        says = f"x must have the shape (T, 4) or (B, T, 4), with at least one token, got {shape}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            MODULES[kind][0]()(np.ones(shape))

    @pytest.mark.parametrize("shape", [(0, 4), (2, 0, 4)], ids=str)
    def test_no_tokens_are_refused(self, kind, shape):
        with pytest.raises(ValueError, match=re.escape(f"x must hold at least one number, got shape {shape}")):
            MODULES[kind][0]()(np.ones(shape))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_float32_stays_float32(self, kind, dtype):
        module = MODULES[kind][0]().to(np.dtype(dtype).name)
        x = np.ones((2, 4), dtype)
        assert module(x).dtype == module.backward(x).dtype == dtype

    def test_what_goes_in_stays(self, kind):
        module, x, slopes = MODULES[kind][0](), np.ones((3, 4)), np.ones((3, 4))
        module(x)[...] = 99
        module.backward(slopes)
        assert (x == 1).all() and (slopes == 1).all()


def test_learned_positions_start_as_normal_numbers_of_standard_deviation_0_02_that_the_seed_decides():
    first, same, other = (LearnedPositions(100, 50, rng=rng).weights.value for rng in (0, 0, 1))
    assert first.shape == (100, 50) and first.std() == pytest.approx(0.02, rel=0.03)
    np.testing.assert_array_equal(first, same)
    assert (first != other).all()
