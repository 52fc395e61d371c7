import math
import re

import numpy as np
import pytest

from scratchml import sinusoidal_positions

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


@pytest.mark.parametrize(("length", "embedding_dim"), [(0, 4), (-1, 4), (3, 0), (3, -2), (3, 3), (3, 1), (0, 0)])
def test_an_empty_table_and_an_odd_width_are_refused(length, embedding_dim):
    with pytest.raises(
        ValueError,
        match=re.escape(
            f"length must be at least 1 and embedding_dim an even number from 2 up, got {length} and {embedding_dim}"
        ),
    ):
        sinusoidal_positions(length, embedding_dim)
