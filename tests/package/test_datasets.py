import re
from collections import Counter
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchml
from scratchml import (
    Digits,
    NeuralNetwork,
    apples,
    black_cat,
    digit_from_strokes,
    digits,
    idioms,
    names,
    one_hot,
    scaled_dot_product_attention,
    spirals,
    word_vectors,
    xor,
)

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


@pytest.mark.parametrize("split", ["random", "", "Writers", None, True, ["writers"]])
def test_another_split_is_refused(split):
    with pytest.raises(ValueError, match=re.escape(f"split must be one of stratified, writers, got {split!r}")):
        digits(split)


def test_a_small_network_learns_to_read_the_digits():
    train_images, train_labels, test_images, test_labels = digits()
    network = NeuralNetwork([64, 32, 10], output_activation="identity", rng=0)
    untrained = (network.predict(test_images).argmax(axis=1) == test_labels).mean()
    network.train(train_images, one_hot(train_labels, 10), epochs=10, learning_rate=0.2, shuffle=True, report_every=0)
    trained = (network.predict(test_images).argmax(axis=1) == test_labels).mean()
    assert untrained < 0.3
    assert trained > 0.93


class TestDigitFromStrokes:
    one = ([[100, 20], [101, 120], [99, 220]],)
    seven = ([[40, 30], [120, 28], [200, 32], [140, 120], [100, 230]], [[70, 130], [180, 128]])

    @pytest.mark.parametrize("drawing", [one, seven], ids=["one", "seven"])
    def test_it_is_an_image_as_digits_has_them(self, drawing):
        image = digit_from_strokes(drawing)
        assert image.shape == (64,) and image.dtype == np.float64
        assert (image >= 0).all() and (image <= 1).all() and (image * 16 == (image * 16).round()).all()
        ink = image.reshape(8, 8)
        assert ink[0].any() and ink[7].any(), "it fills the height, as every image of the data does"
        images = digits().train_images.sum(axis=1)
        assert np.percentile(images, 1) < image.sum() < np.percentile(images, 99)

    @quick
    @given(st.floats(0.1, 100), st.floats(-1000, 1000), st.floats(-1000, 1000))
    def test_size_and_place_of_the_drawing_do_not_count(self, size, right, down):
        moved = [np.array(stroke) * size + [right, down] for stroke in self.seven]
        assert np.abs(digit_from_strokes(moved) - digit_from_strokes(self.seven)).max() <= 2 / 16

    def test_the_order_and_the_direction_of_the_strokes_do_not_count(self):
        backward = [stroke[::-1] for stroke in self.seven[::-1]]
        assert (digit_from_strokes(backward) == digit_from_strokes(self.seven)).all()

    def test_it_stands_in_the_middle_and_the_right_way_up(self):
        ink = digit_from_strokes(self.one).reshape(8, 8)
        assert np.abs(ink.sum(axis=0)[:4] - ink.sum(axis=0)[:3:-1]).max() < 0.5
        seven = digit_from_strokes(self.seven).reshape(8, 8)
        assert seven[0].sum() > 2 * seven[7].sum(), "the bar is at the top"
        assert seven[7, :4].sum() > seven[7, 4:].sum(), "and the foot at the left"

    @pytest.mark.parametrize(
        "drawing", [[[[5, 5]]], [[[0, 0], [100, 0]]], [[[3, 3], [3, 3]]]], ids=["dot", "dash", "still"]
    )
    def test_a_dot_and_a_dash_are_drawings_too(self, drawing):
        assert digit_from_strokes(drawing).any()

    @pytest.mark.parametrize(
        ("drawing", "says"),
        [
            ([], "strokes must be one stroke or more, got none"),
            ([[]], "a stroke must be (points, 2), got shape (0,)"),
            ([[[1, 2, 3]]], "a stroke must be (points, 2), got shape (1, 3)"),
            ([[1, 2], [3, 4]], "a stroke must be (points, 2), got shape (2,)"),
            ([[[1, float("nan")]]], "a stroke must be numbers, got"),
            ([[[1, float("inf")]]], "a stroke"),
            ([[["a", "b"]]], "a stroke must be numbers, got"),
        ],
    )
    def test_what_is_no_drawing_is_refused(self, drawing, says):
        with pytest.raises(ValueError, match=re.escape(says)):
            digit_from_strokes(drawing)


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
        ([0.0, 1.0], "labels must be integers, got float64 with shape (2,)"),
        ([True, False], "labels must be integers, got bool with shape (2,)"),
        ([[0], [1]], "labels must be a row of integers, got shape (2, 1)"),
        (3, "labels must be a row of integers, got shape ()"),
        (["0", "1"], "labels must be integers, got a str, '0'"),
        ([0, None], "labels must be integers, got a NoneType, None"),
        ([[0, 1], [2]], "labels must be integers, got rows of different lengths"),
        (np.ma.masked_equal([0, 1], 1), "labels must be a plain array, got a masked one"),
    ],
)
def test_one_hot_refuses_labels_that_it_cannot_place(labels, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        one_hot(labels, 4)


@pytest.mark.parametrize("labels", [[], np.zeros(0, int), np.zeros(0, np.uint8)], ids=["list", "int64", "uint8"])
def test_of_no_labels_one_hot_makes_no_rows(labels):
    assert one_hot(labels, 3).shape == (0, 3)


COUNTS = {
    "num_classes": lambda n: one_hot([0], n),
    "num_points": lambda n: spirals(n, rng=0),
    "num_arms": lambda n: spirals(10, num_arms=n, rng=0),
}


@pytest.mark.parametrize("name", COUNTS)
class TestCounts:
    @pytest.mark.parametrize("number", [0, -1])
    def test_none_is_below_1(self, name, number):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got {number}"):
            COUNTS[name](number)

    @pytest.mark.parametrize("number", [2.0, 2.5, np.nan, np.inf, True, None, "2", np.uint8(200)], ids=repr)
    def test_they_are_integers_that_do_not_wrap_around(self, name, number):
        with pytest.raises(ValueError, match=re.escape(f"{name} must be an integer from 1 up, got {number!r}")):
            COUNTS[name](number)

    def test_those_of_numpys_that_are_wide_enough_will_do(self, name):
        for got, expected in zip(COUNTS[name](np.int64(3)), COUNTS[name](3), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_the_lamp_of_two_switches_is_on_when_one_is_up():
    switches, lamp = xor()
    assert switches.shape == (4, 2) and lamp.shape == (4, 1)
    assert {tuple(map(int, (*s, *on))) for s, on in zip(switches, lamp, strict=True)} == {
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    }
    switches[...], lamp[...] = 9, 9
    assert xor()[0].max() == xor()[1].max() == 1


class TestSpirals:
    @pytest.mark.parametrize(("num_points", "num_arms"), [(1, 1), (100, 2), (7, 5)])
    def test_every_arm_has_its_points_and_its_number(self, num_points, num_arms):
        points, arms = spirals(num_points, num_arms=num_arms, rng=0)
        assert points.shape == (num_arms * num_points, 2) and points.dtype == np.float64
        assert arms.shape == (num_arms * num_points,) and arms.dtype == np.int64
        np.testing.assert_array_equal(np.bincount(arms), [num_points] * num_arms)

    def test_there_are_two_arms_with_a_little_noise_unless_told_otherwise(self):
        for got, expected in zip(spirals(50, rng=0), spirals(50, num_arms=2, noise=0.05, rng=0), strict=True):
            np.testing.assert_array_equal(got, expected)

    @pytest.mark.parametrize("num_arms", [1, 2, 3])
    def test_without_noise_an_arm_winds_around_the_middle_once_on_its_way_out(self, num_arms):
        points, arms = spirals(500, num_arms=num_arms, noise=0, rng=0)
        far = np.hypot(*points.T)
        assert 0.1 <= far.min() < 0.11 and 0.99 < far.max() <= 1
        angles = 2 * np.pi * (far + arms / num_arms)
        np.testing.assert_allclose(
            points, far[:, np.newaxis] * np.column_stack([np.cos(angles), np.sin(angles)]), atol=1e-12
        )
        assert abs(far.mean() - 0.55) < 0.05

    @pytest.mark.parametrize("noise", [0.01, 0.05, 0.3])
    def test_noise_is_the_standard_deviation_of_each_coordinate_around_the_arm(self, noise):
        # The same generator places the points first and adds the noise then.
        exact, arms = spirals(5000, noise=0, rng=0)
        noisy, same_arms = spirals(5000, noise=noise, rng=0)
        np.testing.assert_array_equal(same_arms, arms)
        assert (noisy - exact).std(axis=0) == pytest.approx(noise, rel=0.05)
        assert (noisy - exact).mean(axis=0) == pytest.approx(0, abs=0.05 * noise)
        assert abs(np.corrcoef((noisy - exact).T)[0, 1]) < 0.05  # each coordinate has its own

    def test_the_same_seed_gives_the_same_points_and_a_generator_handed_down_others(self):
        same = [spirals(20, rng=rng)[0] for rng in (1, 1, np.random.default_rng(1))]
        np.testing.assert_array_equal(same[0], same[1])
        np.testing.assert_array_equal(same[0], same[2])
        rng = np.random.default_rng(1)
        spirals(20, rng=rng)
        assert not (spirals(20, rng=rng)[0] == same[0]).any()
        assert not (spirals(20, rng=2)[0] == same[0]).any()

    def test_there_are_none_without_an_explicit_rng(self):
        with pytest.raises(TypeError, match="rng"):
            spirals(10)

    @pytest.mark.parametrize("noise", [-0.1, np.nan, np.inf, None, "little", True])
    def test_noise_is_a_number_from_0_up(self, noise):
        with pytest.raises(ValueError, match=re.escape(f"noise must be a number from 0 up, got {noise!r}")):
            spirals(10, noise=noise, rng=0)

    def test_minus_0_is_no_noise_either(self):
        np.testing.assert_array_equal(spirals(10, noise=-0.0, rng=0)[0], spirals(10, noise=0, rng=0)[0])


def test_idioms_are_6000_different_ones_of_four_chinese_characters():
    words = idioms()
    assert type(words) is list and len(words) == len(set(words)) == 6000
    assert all(re.fullmatch(r"[\u4e00-\u9fff]{4}", word) for word in words)


def test_names_are_5163_different_ones_in_small_latin_letters():
    words = names()
    assert type(words) is list and len(words) == len(set(words)) == 5163
    assert all(re.fullmatch(r"[a-z]{2,}", word) for word in words)


def test_the_most_frequent_come_first():
    assert names()[:5] == ["james", "john", "robert", "mary", "michael"]
    assert idioms()[:3] == ["精神文明", "大吃一惊", "九曲回肠"]
    assert names().index("emma") < names().index("zoe")


def test_the_idioms_are_the_most_frequent_of_jiebas_dictionary():
    if find_spec("jieba") is None or version("jieba") != "0.42.1":
        pytest.skip("needs jieba 0.42.1, which they come from")
    dictionary = Path(find_spec("jieba").origin).with_name("dict.txt").read_text("utf-8")
    entries = [line.split() for line in dictionary.splitlines()]
    found = [(word, int(count)) for word, count, kind in entries if kind == "i" and len(word) == 4]
    assert [word for word, _ in sorted(found, key=lambda entry: -entry[1])][:6000] == idioms()


@pytest.mark.parametrize("words", [idioms, names])
def test_changing_the_words_that_were_returned_does_not_reach_the_next_call(words):
    words().clear()
    assert len(words()) > 5000


def test_the_parts_of_the_names_are_together_all_of_them_and_share_none():
    train, validation = names("train"), names("validation")
    assert len(validation) == 516
    assert sorted(train + validation) == sorted(names()) and not set(train) & set(validation)


def test_frequent_names_are_in_both_parts_as_often_as_rare_ones():
    rank = {name: i for i, name in enumerate(names())}
    middle = np.median([rank[name] for name in names("validation")])
    assert abs(middle / len(rank) - 0.5) < 0.05


def test_the_parts_of_the_names_are_always_the_same():
    assert names("validation")[:3] == ["nikki", "lynne", "sherilyn"]


def test_an_unknown_part_is_refused_by_name():
    with pytest.raises(ValueError, match=r"part must be .*validation.*got 'test'"):
        names("test")


def test_word_vectors_have_a_row_for_each_word():
    words, vectors = word_vectors()
    assert vectors.shape == (len(words), 100) and vectors.dtype == np.float64
    assert len(set(words)) == len(words) and all(re.fullmatch("[a-z]+", word) for word in words)


def test_the_notice_counts_the_word_vectors():
    notice = (Path(scratchml.__file__).parent / "data" / "NOTICE.md").read_text("utf8")
    assert f"{len(word_vectors().words):,} English words" in notice


def test_the_nearest_word_to_paris_less_france_and_germany_is_berlin():
    words, vectors = word_vectors()
    row = {word: vector / np.linalg.norm(vector) for word, vector in zip(words, vectors, strict=True)}
    target = vectors[words.index("paris")] - vectors[words.index("france")] + vectors[words.index("germany")]
    assert max(row, key=lambda word: row[word] @ target) == "berlin"


def test_the_cat_takes_on_most_of_the_black_and_a_word_without_a_question_looks_at_all_alike():
    words, x, W_q, W_k, W_v = black_cat()
    outputs, weights = scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v)
    cat, the = words.index("cat"), words.index("the")
    share = np.exp(2) / (np.exp(2) + 2)
    np.testing.assert_allclose(outputs[cat], [0, 0, 0, share])
    np.testing.assert_allclose(weights[the], 1 / 3)


def test_the_two_apples_take_on_their_senses_once_they_know_their_places():
    words, x, positions, W_q, W_k, W_v = apples()
    first, second = (place for place, word in enumerate(words) if word == "苹果")
    same, _ = scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v)
    np.testing.assert_array_equal(same[first], same[second])
    placed = x + positions
    outputs, _ = scaled_dot_product_attention(placed @ W_q, placed @ W_k, placed @ W_v)
    np.testing.assert_allclose(outputs[first, :3], [0, 1 / 2, 0], atol=1e-3)
    np.testing.assert_allclose(outputs[second, :3], [0, 0, 1], atol=1e-3)
