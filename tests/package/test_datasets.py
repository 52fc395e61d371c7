import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchml
from scratchml import Digits, NeuralNetwork, digits, one_hot

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
quick = settings(max_examples=50, deadline=None, derandomize=True)
SPLITS = ["stratified", "writers"]


@pytest.fixture(scope="module")
def file():
    with np.load(Path(scratchml.__file__).parent / "data" / "digits.npz") as data:
        return data["images"], data["labels"]


def as_rows(images, labels):
    return Counter(zip(map(bytes, np.rint(images * 16).astype(np.uint8)), labels.tolist(), strict=True))


@pytest.mark.parametrize("split", SPLITS)
def test_digits_have_the_shapes_and_dtypes_that_the_book_says(split):
    data = digits(split)
    assert isinstance(data, Digits)
    assert data.train_images.shape == (1433, 64) and data.test_images.shape == (364, 64)
    assert data.train_labels.shape == (1433,) and data.test_labels.shape == (364,)
    assert data.train_images.dtype == data.test_images.dtype == np.float64
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64


def test_digits_unpack_in_the_order_train_images_train_labels_test_images_test_labels():
    assert Digits._fields == ("train_images", "train_labels", "test_images", "test_labels")


@pytest.mark.parametrize("split", SPLITS)
def test_pixels_go_from_0_paper_to_1_ink(split):
    for images in (digits(split).train_images, digits(split).test_images):
        assert images.min() == 0 and images.max() == 1
        np.testing.assert_array_equal(images * 16, np.rint(images * 16))


@pytest.mark.parametrize("split", SPLITS)
def test_the_two_parts_are_together_the_file_and_share_no_image(split, file):
    data = digits(split)
    images, labels = file
    train, test = as_rows(data.train_images, data.train_labels), as_rows(data.test_images, data.test_labels)
    assert train + test == as_rows(images / 16, labels)
    assert not train & test


@pytest.mark.parametrize("split", SPLITS)
def test_every_image_keeps_its_label(split, file):
    data = digits(split)
    images, labels = file
    label_of = dict(zip(map(bytes, images.astype(np.uint8)), labels.tolist(), strict=True))
    for part, part_labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert [label_of[bytes(row)] for row in np.rint(part * 16).astype(np.uint8)] == part_labels.tolist()


def test_the_stratified_split_is_the_default_and_tests_on_a_fifth_of_every_digit():
    data = digits()
    np.testing.assert_array_equal(data.test_images, digits("stratified").test_images)
    for digit in range(10):
        train, test = (data.train_labels == digit).sum(), (data.test_labels == digit).sum()
        assert abs(test - (train + test) / 5) < 1


def test_the_writers_split_tests_on_the_tail_of_the_file(file):
    data = digits("writers")
    images, labels = file
    np.testing.assert_array_equal(data.train_images, images[:1433] / 16)
    np.testing.assert_array_equal(data.train_labels, labels[:1433])
    np.testing.assert_array_equal(data.test_images, images[1433:] / 16)
    np.testing.assert_array_equal(data.test_labels, labels[1433:])


@pytest.mark.parametrize("split", SPLITS)
def test_the_split_is_the_same_on_every_call_and_needs_no_luck(split):
    state = np.random.get_state()
    try:
        np.random.seed(1)
        first = digits(split)
        before = str(np.random.get_state())
        np.random.seed(2)
        second = digits(split)
        np.random.seed(1)
        assert str(np.random.get_state()) == before
    finally:
        np.random.set_state(state)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("split", SPLITS)
def test_changing_what_was_returned_does_not_reach_the_next_call(split):
    kept = [array.copy() for array in digits(split)]
    for array in digits(split):
        array[...] = 7
    for expected, array in zip(kept, digits(split), strict=True):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("split", ["random", "", "Writers", None])
def test_another_split_is_refused(split):
    with pytest.raises(ValueError, match=re.escape(f'split must be "stratified" or "writers", got {split!r}')):
        digits(split)


def test_a_small_network_learns_to_read_the_digits():
    train_images, train_labels, test_images, test_labels = digits()
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=0)
    untrained = (network.predict(test_images).argmax(axis=1) == test_labels).mean()
    network.train(train_images, one_hot(train_labels, 10), epochs=10, learning_rate=0.2, shuffle=True, report_every=0)
    trained = (network.predict(test_images).argmax(axis=1) == test_labels).mean()
    assert untrained < 0.3
    assert trained > 0.93


def test_one_hot_puts_a_1_into_the_column_of_the_label():
    np.testing.assert_array_equal(one_hot([2, 0], 4), [[0, 0, 1, 0], [1, 0, 0, 0]])
    assert one_hot([2, 0], 4).dtype == np.float64


@quick
@given(st.lists(st.integers(0, 9), min_size=1), st.integers(10, 15))
def test_one_hot_rows_sum_to_1_and_point_back_to_their_labels(labels, num_classes):
    rows = one_hot(labels, num_classes)
    assert rows.shape == (len(labels), num_classes)
    assert set(np.unique(rows)) <= {0.0, 1.0}
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    assert rows.argmax(axis=1).tolist() == labels


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64])
def test_one_hot_takes_integers_of_any_size_and_leaves_them_alone(dtype):
    labels = np.array([1, 0, 1], dtype=dtype)
    rows = one_hot(labels, 2)
    np.testing.assert_array_equal(rows, [[0, 1], [1, 0], [0, 1]])
    rows[...] = 9
    np.testing.assert_array_equal(labels, [1, 0, 1])
    np.testing.assert_array_equal(one_hot(labels, 2), [[0, 1], [1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 4], "labels must be from 0 to 3, got 0 to 4"),
        ([-1, 2], "labels must be from 0 to 3, got -1 to 2"),
        ([0.0, 1.0], "labels must be a row of integers, got float64 with shape (2,)"),
        ([True, False], "labels must be a row of integers, got bool with shape (2,)"),
        ([[0], [1]], "labels must be a row of integers, got int64 with shape (2, 1)"),
        (3, "labels must be a row of integers, got int64 with shape ()"),
    ],
)
def test_one_hot_refuses_labels_that_it_cannot_place(labels, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        one_hot(labels, 4)
