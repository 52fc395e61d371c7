import errno
import itertools
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scratchml import (
    GPT,
    SGD,
    Adam,
    BPETokenizer,
    CharTokenizer,
    CrossEntropy,
    GPTConfig,
    Linear,
    NextTokenBatches,
    fit,
    generate,
    load_checkpoint,
    resume_checkpoint,
    save_checkpoint,
    warmup_cosine,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

ROOT = Path(__file__).parents[2]
SIZES = {"vocab_size": 7, "context_length": 6, "embedding_dim": 8, "num_heads": 2, "num_layers": 2}
NUM_PARAMETERS = 1856  # of a GPT of these sizes
VARIANTS = [
    {"activation": a, "positions": p, "tie_weights": t, "dtype": d}
    for a, p, t, d in itertools.product(
        ["gelu", "relu"], ["learned", "sinusoidal"], [False, True], ["float32", "float64"]
    )
]
OPTIMIZERS = {
    "SGD": lambda model: SGD(model.parameters(), 0.1),
    "momentum": lambda model: SGD(model.parameters(), 0.1, momentum=0.9),
    "Adam": lambda model: Adam(model.parameters(), 0.01, weight_decay=0.1),
}
TOKENIZERS = {
    "characters": CharTokenizer("abc\n\0\"'é中�🙂"),
    "bytes": BPETokenizer(),
    "pairs": BPETokenizer.train("low lower lowest 中文中文 🙂🙂" * 3, 20),
}


def gpt(seed=0, **settings):
    return GPT(GPTConfig(**(SIZES | settings)), rng=seed)


def train(model, optimizer, rng, epochs=1, **settings):
    """On a text of seven tokens, in random windows."""
    batches = NextTokenBatches(np.arange(100) ** 2 % 7, 4, 6, steps=3, rng=rng)
    return fit(model, CrossEntropy(), optimizer, batches, epochs=epochs, **settings).training_loss


def in_training(make=OPTIMIZERS["Adam"], seed=0):
    """A model, its optimizer and the Generator of its batches, some steps on."""
    model, rng = gpt(seed), np.random.default_rng(seed)
    optimizer = make(model)
    train(model, optimizer, rng)
    return model, optimizer, rng


def everything(model, optimizer=None, rng=None):
    """All that a checkpoint may change, to compare."""
    arrays = {f"parameter {name}": array for name, array in model.state().items()}
    if optimizer is not None:
        arrays |= {f"optimizer {name}": array for name, array in optimizer.state().items()}
    if rng is not None:
        arrays["rng"] = np.array(json.dumps(rng.bit_generator.state, default=np.ndarray.tolist))
    return arrays


def assert_same(arrays, expected):
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype, name
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)


def tampered(path, **changes):
    """The file with some entries replaced, or left out where the new one is None."""
    with np.load(path, allow_pickle=False) as archive:
        entries = dict(archive)
    np.savez(path, **{name: a for name, a in (entries | changes).items() if a is not None})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


class TestRoundTrip:
    @pytest.mark.parametrize("settings", VARIANTS, ids=lambda s: " ".join(map(str, s.values())))
    def test_the_model_that_comes_back_is_the_same_bit_for_bit(self, path, settings):
        model = gpt(3, **settings)
        save_checkpoint(path, model)
        loaded, tokenizer = load_checkpoint(path)
        assert tokenizer is None and type(loaded) is GPT and loaded.config == model.config
        assert_same(everything(loaded), everything(model))
        tokens = np.random.default_rng(0).integers(0, 7, (3, 6))
        np.testing.assert_array_equal(loaded.forward(tokens), model.forward(tokens))
        assert loaded.forward(tokens).dtype == settings["dtype"]
        assert (loaded.unembedding is loaded.token_embedding.weights) == settings["tie_weights"]

    @pytest.mark.parametrize("settings", VARIANTS[::5], ids=str)
    def test_it_can_be_trained_on_and_writes_the_same_text(self, path, settings):
        model = gpt(3, **settings)
        save_checkpoint(path, model)
        loaded, _ = load_checkpoint(path)
        assert train(loaded, Adam(loaded.parameters()), 0) == train(model, Adam(model.parameters()), 0)
        assert list(generate(loaded, [1], 20, rng=0)) == list(generate(model, [1], 20, rng=0))

    @pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
    def test_the_tokenizer_comes_back(self, path, tokenizer):
        save_checkpoint(path, gpt(vocab_size=tokenizer.vocab_size), tokenizer=tokenizer)
        _, loaded = load_checkpoint(path)
        assert type(loaded) is type(tokenizer) and loaded.to_json() == tokenizer.to_json()
        text = "abc\n\0\"'é中�🙂" if isinstance(tokenizer, CharTokenizer) else "lowest lower 中文 🙂\0\n"
        assert loaded.encode(text) == tokenizer.encode(text)
        assert loaded.decode(loaded.encode(text)) == text

    def test_what_else_is_in_the_file_is_no_hindrance(self, path):
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, tokenizer=CharTokenizer("abcdefg"), optimizer=optimizer, rng=rng)
        loaded, tokenizer = load_checkpoint(path)
        assert tokenizer.vocab_size == 7
        assert_same(everything(loaded), everything(model))

    @pytest.mark.parametrize("dtype", ["float16", np.float16, np.dtype("float16")], ids=repr)
    @pytest.mark.parametrize("settings", [{}, {"dtype": "float64"}], ids=str)
    def test_float16_halves_the_file_and_loads_in_the_dtype_of_the_configuration(self, tmp_path, dtype, settings):
        model = gpt(embedding_dim=64, **settings)
        save_checkpoint(tmp_path / "full", model)
        save_checkpoint(tmp_path / "half", model, dtype=dtype)
        full, half = (os.path.getsize(tmp_path / name) for name in ("full", "half"))
        assert half < (0.6 if settings == {} else 0.3) * full
        loaded, _ = load_checkpoint(tmp_path / "half")
        assert loaded.config == model.config
        assert_same(
            loaded.state(),
            {name: array.astype("float16").astype(model.config.dtype) for name, array in model.state().items()},
        )

    @pytest.mark.parametrize(
        "dtype", ["int8", "uint16", bool, complex, object, "U5", "M8[s]", "f4,f4", "", "bogus", 3, ["float32"]], ids=str
    )
    def test_a_dtype_that_holds_no_weights_is_refused_and_the_old_file_stays(self, path, dtype):
        save_checkpoint(path, gpt(1))
        with pytest.raises(ValueError, match=re.escape(f"dtype must be a floating-point one, got {dtype!r}")):
            save_checkpoint(path, gpt(2), dtype=dtype)
        assert_same(everything(load_checkpoint(path)[0]), everything(gpt(1)))

    @pytest.mark.parametrize(
        ("value", "dtype", "says"),
        [
            (1e6, "float16", "has numbers that are too large for float16"),
            (-1e6, "float16", "has numbers that are too large for float16"),
            (np.inf, "float16", "must be finite numbers, got inf at [3]"),
            (np.inf, None, "must be finite numbers, got inf at [3]"),
            (np.nan, None, "must be finite numbers, got nan at [3]"),
        ],
    )
    @pytest.mark.parametrize("place", [3, slice(3, None)], ids=["one", "several"])
    def test_numbers_that_the_file_cannot_hold_are_refused_and_the_old_file_stays(
        self, path, value, dtype, says, place
    ):
        model = gpt(2)
        save_checkpoint(path, gpt(1))
        model.final_norm.gain.value[place] = value
        with pytest.raises(ValueError, match=re.escape(f"final_norm.gain {says}")):
            save_checkpoint(path, model, dtype=dtype)
        assert_same(everything(load_checkpoint(path)[0]), everything(gpt(1)))

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"model": None}, "model must be a GPT, got a NoneType"),
            ({"model": Linear(2, 2, rng=0)}, "model must be a GPT, got a Linear"),
            ({"tokenizer": "abcdefg"}, "tokenizer must be a Tokenizer, got a str"),
            ({"tokenizer": CharTokenizer("ab")}, "the tokenizer must have the vocab_size of the model 7, got 2"),
            ({"optimizer": Adam}, "optimizer must be an Optimizer, got the class Adam"),
            ({"rng": 0}, "rng must be a Generator, got an int, 0"),
        ],
        ids=lambda x: str(x)[:50],
    )
    def test_what_does_not_belong_to_the_model_is_refused_and_the_old_file_stays(self, path, arguments, says):
        save_checkpoint(path, gpt(1))
        with pytest.raises(ValueError, match=re.escape(says)):
            save_checkpoint(path, **({"model": gpt(2)} | arguments))
        assert_same(everything(load_checkpoint(path)[0]), everything(gpt(1)))

    @pytest.mark.parametrize("whose", ["another model's", "a part's", "a larger model's"])
    def test_an_optimizer_of_other_parameters_is_neither_saved_nor_resumed(self, path, whose):
        model, other = gpt(), gpt(1)
        mine, n = model.parameters(), len(model.parameters())
        parameters, got = {
            "another model's": (other.parameters(), f"0 of them and {n}"),
            "a part's": (mine[1:], f"{n - 1} of them and 0"),
            "a larger model's": ([*mine, *other.parameters()], f"{n} of them and {n}"),
        }[whose]
        says = f"the optimizer must have all {n} parameters of this model and no others, got {got} others"
        save_checkpoint(path, model, optimizer=Adam(mine))
        before = path.read_bytes()
        optimizer = Adam(parameters)
        with pytest.raises(ValueError, match=says):
            save_checkpoint(path, model, optimizer=optimizer)
        with pytest.raises(ValueError, match=says):
            resume_checkpoint(path, model, optimizer=optimizer)
        assert path.read_bytes() == before

    def test_a_configuration_of_numpys_integers_comes_back_too(self, path):
        model = gpt(vocab_size=np.arange(7).max() + 1, num_layers=np.int32(1))
        save_checkpoint(path, model)
        loaded, _ = load_checkpoint(path)
        assert loaded.config == model.config
        resume_checkpoint(path, model)

    @pytest.mark.parametrize("name", ["model.npz", "model", "model.ckpt", "中文 文件.npz"])
    @pytest.mark.parametrize("kind", [str, Path])
    def test_the_file_has_the_name_it_was_given_and_nothing_is_beside_it(self, tmp_path, name, kind):
        for seed in (1, 2):
            save_checkpoint(kind(tmp_path / name), gpt(seed))
            assert os.listdir(tmp_path) == [name]
        loaded, _ = load_checkpoint(kind(tmp_path / name))
        assert_same(everything(loaded), everything(gpt(2)))

    def test_a_path_without_a_folder_is_in_the_current_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        save_checkpoint("model.npz", gpt())
        load_checkpoint("model.npz")
        assert os.listdir(tmp_path) == ["model.npz"]

    def test_saving_changes_nothing(self, path):
        model, optimizer, rng = in_training()
        before = everything(model, optimizer, rng)
        save_checkpoint(path, model, optimizer=optimizer, rng=rng, dtype="float16")
        assert_same(everything(model, optimizer, rng), before)

    def test_no_file_at_the_path_is_a_missing_file(self, path):
        with pytest.raises(FileNotFoundError):
            load_checkpoint(path)
        with pytest.raises(FileNotFoundError):
            resume_checkpoint(path, gpt())
        with pytest.raises(FileNotFoundError) as raised:
            save_checkpoint(path / "no folder" / "model.npz", gpt())
        assert raised.value.__context__ is None, "one error is enough"

    def test_a_folder_at_the_path_stays_and_nothing_is_left_beside_it(self, path):
        path.mkdir()
        with pytest.raises(OSError):
            save_checkpoint(path, gpt())
        assert os.listdir(path.parent) == [path.name] and os.listdir(path) == []


class TestResuming:
    @pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
    @pytest.mark.parametrize("with_schedule", [False, True])
    @pytest.mark.parametrize("before", [1, 3])
    def test_training_goes_on_bit_for_bit_as_if_it_had_not_been_interrupted(self, path, make, with_schedule, before):
        schedule = partial(warmup_cosine, peak=0.05, warmup_steps=4, total_steps=15) if with_schedule else None
        model, rng = gpt(), np.random.default_rng(1)
        optimizer = make(model)
        losses = train(model, optimizer, rng, 5, schedule=schedule)

        first, first_rng = gpt(), np.random.default_rng(1)
        first_optimizer = make(first)
        first_losses = train(first, first_optimizer, first_rng, before, schedule=schedule)
        save_checkpoint(path, first, optimizer=first_optimizer, rng=first_rng)

        second, second_rng = gpt(99), np.random.default_rng(99)
        second_optimizer = make(second)
        resume_checkpoint(path, second, optimizer=second_optimizer, rng=second_rng)
        assert_same(everything(second, second_optimizer, second_rng), everything(first, first_optimizer, first_rng))
        assert first_losses + train(second, second_optimizer, second_rng, 5 - before, schedule=schedule) == losses
        assert_same(everything(second, second_optimizer, second_rng), everything(model, optimizer, rng))
        assert second_optimizer.steps == 15 and second_optimizer.learning_rate == optimizer.learning_rate

    def test_a_training_under_way_goes_back_to_what_was_saved(self, path):
        model, optimizer, rng = in_training()
        before = everything(model, optimizer, rng)
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        first = train(model, optimizer, rng, 2)
        resume_checkpoint(path, model, optimizer=optimizer, rng=rng)
        assert_same(everything(model, optimizer, rng), before)
        assert train(model, optimizer, rng, 2) == first

    def test_only_what_is_given_is_resumed(self, path):
        saved = in_training()
        save_checkpoint(path, saved[0], optimizer=saved[1], rng=saved[2])
        model, optimizer, rng = in_training(seed=1)
        before = everything(model, optimizer, rng)
        resume_checkpoint(path, model)
        assert_same(everything(model, optimizer, rng), before | everything(saved[0]))
        resume_checkpoint(path, model, rng=rng)
        assert_same(everything(model, optimizer, rng), before | everything(saved[0], rng=saved[2]))

    def test_the_parameters_stay_with_their_optimizer(self, path):
        model, optimizer, _ = in_training()
        save_checkpoint(path, model)
        resume_checkpoint(path, model)
        assert all(p.value.base is optimizer.values for p in model.parameters())

    @pytest.mark.parametrize(
        "kind", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
    )
    def test_a_generator_of_any_kind_goes_on_where_it_was(self, path, kind):
        model, rng = gpt(), np.random.Generator(kind(3))
        rng.random(1000)
        rng.integers(10, dtype=np.int32)  # half a number is left over, and kept
        save_checkpoint(path, model, rng=rng)
        other = np.random.Generator(kind(4))
        resume_checkpoint(path, model, rng=other)
        np.testing.assert_array_equal(
            other.integers(10**6, size=700, dtype=np.int32), rng.integers(10**6, size=700, dtype=np.int32)
        )
        np.testing.assert_array_equal(other.normal(size=700), rng.normal(size=700))


def refuses(path, says, model, optimizer=None, rng=None):
    """`resume_checkpoint` names the file and what is wrong, and changes nothing."""
    before = everything(model, optimizer, rng)
    with pytest.raises(ValueError, match="^" + re.escape(str(path)) + ".*" + says):
        resume_checkpoint(path, model, optimizer=optimizer, rng=rng)
    assert_same(everything(model, optimizer, rng), before)


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"context_length": 8}, "holds another model: context_length is 6 in the file and 8 in this model"),
            ({"num_layers": 1}, "num_layers is 2 in the file and 1 in this model"),
            ({"num_heads": 4}, "num_heads is 2 in the file and 4 in this model"),
            (
                {"activation": "relu", "dtype": "float64"},
                "activation is gelu in the file and relu in this model, dtype is float32 in the file and float64 in this model",
            ),
            ({"tie_weights": True}, "tie_weights is False in the file and True in this model"),
        ],
        ids=str,
    )
    def test_a_file_of_another_model_is_refused_with_every_difference(self, path, settings, says):
        save_checkpoint(path, gpt())
        refuses(path, re.escape(says) + "$", gpt(1, **settings))

    @pytest.mark.parametrize(("saved", "ours"), [("Adam", "momentum"), ("momentum", "Adam")])
    def test_an_optimizer_of_another_kind_is_refused(self, path, saved, ours):
        model, optimizer, rng = in_training(OPTIMIZERS[saved])
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        refuses(
            path,
            "doesn't fit: the state of this (Adam|SGD) must have the names and shapes",
            *in_training(OPTIMIZERS[ours], seed=1),
        )

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ({"model": None}, "model must be a GPT, got a NoneType"),
            ({"model": Linear(2, 2, rng=0)}, "model must be a GPT, got a Linear"),
            ({"optimizer": "Adam"}, "optimizer must be an Optimizer, got a str, 'Adam'"),
            ({"optimizer": Adam}, "optimizer must be an Optimizer, got the class Adam"),
            ({"rng": 0}, "rng must be a Generator, got an int, 0"),
        ],
        ids=lambda x: str(x)[:50],
    )
    def test_what_cannot_be_resumed_is_refused(self, path, arguments, says):
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        before = everything(model, optimizer, rng)
        with pytest.raises(ValueError, match=re.escape(says)):
            resume_checkpoint(path, **({"model": model} | arguments))
        assert_same(everything(model, optimizer, rng), before)

    def test_what_was_not_saved_cannot_be_resumed(self, path):
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, rng=rng)
        refuses(path, "was saved without an optimizer", *in_training(seed=1))
        save_checkpoint(path, model, optimizer=optimizer)
        refuses(path, "was saved without a random generator", *in_training(seed=1))

    @pytest.mark.parametrize(
        ("saved", "ours"),
        [
            (np.random.PCG64, np.random.MT19937),
            (np.random.MT19937, np.random.PCG64),
            (np.random.PCG64, np.random.PCG64DXSM),
        ],
    )
    def test_a_generator_of_another_kind_is_refused(self, path, saved, ours):
        model, optimizer, _ = in_training()
        save_checkpoint(path, model, optimizer=optimizer, rng=np.random.Generator(saved(0)))
        other, other_optimizer, _ = in_training(seed=1)
        refuses(
            path,
            f"doesn't fit: state must be for a {ours.__name__}",
            other,
            other_optimizer,
            np.random.Generator(ours(1)),
        )

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"parameter:final_norm.gain": None}, "missing: ['final_norm.gain'], unknown: []"),
            (
                {
                    "parameter:positions.weights": None,
                    "parameter:final_norm.gain": None,
                    **{f"parameter:{name}": np.ones(8) for name in "gfedcba"},
                },
                "missing: ['final_norm.gain', 'positions.weights'], unknown: ['a', 'b', 'c', 'd', 'e', 'f', 'g']",
            ),
            (
                {"parameter:positions.weights": np.ones((8, 6))},
                "positions.weights must have the shape (6, 8), got (8, 6)",
            ),
            ({"parameter:positions.weights": np.float32(1)}, "positions.weights must have the shape (6, 8), got ()"),
            ({"parameter:unembedding": np.ones((7, 9))}, "unembedding must have the shape (7, 8), got (7, 9)"),
            ({"parameter:final_norm.gain": np.full(8, 1e300)}, "has numbers that are too large for float32"),
        ],
        ids=lambda changes: str(list(changes)) if isinstance(changes, dict) else "",
    )
    def test_parameters_missing_or_of_other_shapes_are_refused(self, path, changes, says):
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        tampered(path, **changes)
        with pytest.raises(
            ValueError, match=re.escape(f"{path} must fit its own configuration: ") + ".*" + re.escape(says)
        ):
            load_checkpoint(path)
        refuses(path, re.escape(says), *in_training(seed=1))

    @pytest.mark.parametrize(
        "changes",
        [
            {"optimizer:mean": np.ones(3)},
            {"optimizer:mean": None},
            {"optimizer:steps": np.array([1, 2])},
            *[{"optimizer:steps": np.array(steps)} for steps in ("many", -5, 2.5, np.nan, np.inf, True)],
            *[{"optimizer:mean": np.full(NUM_PARAMETERS, value)} for value in ("x", np.nan, np.inf, 1j, 1e300)],
            *[{"optimizer:mean_square": np.full(NUM_PARAMETERS, value)} for value in ("x", -1.0, np.nan)],
            {"optimizer:parameters": np.array("(7, 8)")},
            {"rng": np.array('{"bit_generator": "PCG64"}')},
            {"rng": np.array("[]")},
            {"rng": np.array(json.dumps(np.random.PCG64(0).state | {"has_uint32": 10**30}))},
            {"rng": np.array(json.dumps(np.random.PCG64(0).state | {"state": {"state": 2**500, "inc": 1}}))},
        ],
        ids=lambda changes: " ".join(str(changes)[:60].split()),
    )
    def test_a_wrong_state_of_the_optimizer_or_the_generator_changes_nothing(self, path, changes):
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        tampered(path, **changes)
        load_checkpoint(path)  # the model itself is all right
        refuses(path, "doesn't fit", *in_training(seed=1))

    def test_a_model_that_is_no_longer_a_number_stays_so_where_a_file_is_refused(self, path):
        """Its numbers are put back as they were; nobody should believe that they come from the file."""
        model, optimizer, rng = in_training(OPTIMIZERS["SGD"])
        save_checkpoint(path, model, optimizer=optimizer, rng=rng)
        diverged = gpt(1)
        diverged.blocks[0].attention.W_q.value[0, 0] = np.nan
        diverged.final_norm.gain.value[:] = np.inf
        refuses(path, "doesn't fit", diverged, Adam(diverged.parameters()), np.random.default_rng(1))

    @pytest.mark.parametrize("key", ["short", "no number"])
    def test_half_of_a_wrong_state_of_a_generator_does_not_stay(self, path, key):
        state = np.random.MT19937(0).state
        keys = state["state"]["key"].tolist()
        keys[300:] = [] if key == "short" else ["x"] * 324
        save_checkpoint(path, gpt(), rng=np.random.Generator(np.random.MT19937(0)))
        tampered(path, rng=np.array(json.dumps({"bit_generator": "MT19937", "state": {"key": keys, "pos": 7}})))
        refuses(path, "doesn't fit", gpt(1), rng=np.random.Generator(np.random.MT19937(1)))


def assert_no_checkpoint(path, says=""):
    with pytest.raises(ValueError, match="^" + re.escape(str(path)) + " .*" + says):
        load_checkpoint(path)
    refuses(path, says, *in_training(seed=1))


class Bomb:
    """Unpickled, it goes off."""

    fuse = None

    def __reduce__(self):
        return Path.touch, (Bomb.fuse,)


class TestDamage:
    @pytest.fixture
    def good(self, path):
        """A whole checkpoint at the path, and its bytes."""
        model, optimizer, rng = in_training()
        save_checkpoint(path, model, tokenizer=CharTokenizer("abcdefg"), optimizer=optimizer, rng=rng)
        return path.read_bytes()

    @pytest.mark.parametrize("percent", range(0, 100, 5))
    def test_a_file_that_was_cut_off_is_refused(self, path, good, percent):
        path.write_bytes(good[: len(good) * percent // 100])
        assert_no_checkpoint(path, "is damaged, or no .npz file")

    def test_a_file_without_its_last_byte_or_its_first_is_refused(self, path, good):
        for rest in (good[:-1], good[1:]):
            path.write_bytes(rest)
            assert_no_checkpoint(path)

    def test_a_flipped_byte_is_noticed_unless_it_means_nothing(self, path, good):
        expected, rng, noticed = everything(in_training()[0]), np.random.default_rng(0), 0
        for place in range(0, len(good), len(good) // 400):
            data = bytearray(good)
            data[place] ^= rng.choice([0xFF, 1, 2, 4, 8, 16, 32, 64, 128])
            path.write_bytes(data)
            try:
                model, tokenizer = load_checkpoint(path)
            except ValueError as error:
                noticed += 1
                assert str(error).startswith(str(path))
            else:  # such as the date of an entry
                assert_same(everything(model), expected)
                assert tokenizer.to_json() == CharTokenizer("abcdefg").to_json()
        assert noticed > 200

    @pytest.mark.parametrize(
        ("offset", "value", "says"),
        [(8, 1, "encrypted"), (10, 99, "compression"), (10, 12, ""), (10, 14, ""), (42, 255, "")],
    )
    def test_neither_is_an_entry_that_says_that_it_is_something_else(self, path, good, offset, value, says):
        """Each in the table of contents at the end: encrypted, an unknown compression, bzip2, LZMA, at another place."""
        starts = [match.start() for match in re.finditer(b"PK\x01\x02", good)]
        assert len(starts) > 20
        for start in starts[:: len(starts) // 5]:
            data = bytearray(good)
            data[start + offset] = value
            path.write_bytes(data)
            assert_no_checkpoint(path, f"is damaged.*{says}")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n",
            b"Call me Ishmael. Some years ago\n" * 30,
            b"PK\x03\x04",
            b"PK\x05\x06" + bytes(18),
            b"\x93NUMPY",
            bytes(1000),
        ],
        ids=len,
    )
    def test_files_of_other_kinds_are_refused(self, path, content):
        path.write_bytes(content)
        assert_no_checkpoint(path)

    def test_a_single_array_is_no_checkpoint(self, path):
        with open(path, "wb") as file:
            np.save(file, np.ones((3, 4)))
        assert_no_checkpoint(path, "is damaged, or no .npz file")

    @pytest.mark.parametrize(
        "entries",
        [
            {"b": 1, "a": 2},
            {"format": "checkpoint 2"},
            {"format": [1, 2]},
            {"format": b"scratchml checkpoint 2"},
            {"config": "{}"},
        ],
        ids=str,
    )
    def test_an_archive_of_other_arrays_is_no_checkpoint_and_its_names_are_told(self, path, entries):
        np.savez(path, **entries)
        says = f"is no checkpoint of scratchml: it should say 'scratchml checkpoint 2', and holds {sorted(entries)}"
        assert_no_checkpoint(path, re.escape(says))

    @pytest.mark.parametrize("version", [1, 3])
    def test_a_checkpoint_of_another_version_is_refused_as_such(self, path, good, version):
        """The parameters of version 1 had other names: they are not missing, nor is the file damaged."""
        tampered(path, format=np.array(f"scratchml checkpoint {version}"))
        says = (
            f"must be a 'scratchml checkpoint 2', got a 'scratchml checkpoint {version}': another version of scratchml"
        )
        assert_no_checkpoint(path, re.escape(says))

    def test_a_setting_of_the_model_that_came_later_has_its_default_where_the_file_has_none(self, path, good):
        model = gpt(activation="relu", positions="sinusoidal", dtype="float64")
        save_checkpoint(path, model)
        tampered(path, config=np.array(json.dumps(SIZES | {"activation": "relu", "positions": "sinusoidal"})))
        assert load_checkpoint(path)[0].config == GPTConfig(**SIZES, activation="relu", positions="sinusoidal")

    def test_settings_of_the_model_that_nobody_knows_are_named(self, path, good):
        tampered(path, config=np.array(json.dumps(SIZES | {"rotary": True, "dropout": 0.1, "window": 3})))
        assert_no_checkpoint(path, "holds a GPT with settings that .* doesn't know: dropout, rotary, window$")

    @pytest.mark.parametrize("name", ["vocab_size", "context_length", "embedding_dim", "num_layers"])
    def test_a_size_that_the_parameters_do_not_have_is_refused_before_such_a_model_is_made(
        self, path, name, monkeypatch
    ):
        save_checkpoint(path, gpt())
        tampered(path, config=np.array(json.dumps(SIZES | {name: 10**6})))
        monkeypatch.setattr(GPT, "__init__", lambda *args, **settings: pytest.fail("it might not fit into memory"))
        with pytest.raises(ValueError, match=re.escape(f"{path} must fit its own configuration: ") + ".*1000000"):
            load_checkpoint(path)

    @pytest.mark.parametrize(
        "changes",
        [
            {"config": None},
            {"config": "{"},
            {"config": "[]"},
            {"config": "{}"},
            {"config": json.dumps({name: size for name, size in SIZES.items() if name != "num_heads"})},
            {"config": json.dumps(SIZES | VARIANTS[0] | {"num_heads": 3})},
            {"config": json.dumps(SIZES | VARIANTS[0] | {"vocab_size": "7"})},
            {"config": json.dumps(SIZES | VARIANTS[0] | {"vocab_size": 7.0})},
            {"config": json.dumps(SIZES | VARIANTS[0] | {"dtype": ["float32"]})},
            {"tokenizer": "{}"},
            {"tokenizer": "BPETokenizer"},
            {"tokenizer": '{"Bomb": "x"}'},
            {"tokenizer": '{"CharTokenizer": "ab"}'},
            {"tokenizer": json.dumps({"BPETokenizer": [[97, 97], *([256 + i, 256 + i] for i in range(60))]})},
            {"rng": "{"},
            *[{name: "[" * 100_000} for name in ("config", "tokenizer", "rng")],
            *[
                {"parameter:final_norm.gain": [value] * 8}
                for value in (np.nan, np.inf, -np.inf, 1j, "1", b"1", np.datetime64(1, "s"), True, 1)
            ],
            {"parameter:final_norm.gain": np.zeros(8, "f4,f4")},
            {"parameter:final_norm.gain": np.zeros(0)},
        ],
        ids=lambda changes: str(changes)[:60],
    )
    def test_a_configuration_a_tokenizer_or_parameters_that_are_none_are_refused(self, path, good, changes):
        tampered(path, **{name: None if a is None else np.array(a) for name, a in changes.items()})
        assert_no_checkpoint(path, "is damaged: ")

    @pytest.mark.parametrize("where", ["a file of one array", "an entry", "a parameter", "the format", "a bare pickle"])
    def test_nothing_is_unpickled(self, path, good, where):
        Bomb.fuse = path.with_name("boom")
        bombs = np.array([Bomb()], dtype=object)
        if where == "a file of one array":
            with open(path, "wb") as file:
                np.save(file, bombs)
        elif where == "a bare pickle":
            path.write_bytes(bombs.dumps())
        else:
            tampered(
                path,
                **{
                    {"an entry": "more", "a parameter": "parameter:positions.weights", "the format": "format"}[
                        where
                    ]: bombs
                },
            )
        assert_no_checkpoint(path)
        assert not Bomb.fuse.exists()
        if where != "a bare pickle":  # the bomb is a real one
            loaded = np.load(path, allow_pickle=True)
            [loaded[name] for name in getattr(loaded, "files", [])]
            assert Bomb.fuse.exists()

    def test_a_damaged_file_can_be_replaced_and_deleted(self, path, good):
        path.write_bytes(good[:100])
        assert_no_checkpoint(path)
        save_checkpoint(path, gpt(5))
        assert_same(everything(load_checkpoint(path)[0]), everything(gpt(5)))
        path.unlink()


class TestSavingThatFails:
    @pytest.mark.parametrize(
        "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()], ids=repr
    )
    @pytest.mark.parametrize("where", ["at the start", "half-way", "on the disk", "at the end"])
    @pytest.mark.parametrize("old", [True, False])
    def test_the_old_file_stays_good_and_nothing_is_left_beside_it(self, path, monkeypatch, error, where, old):
        if old:
            save_checkpoint(path, gpt(1))

        def fail(*args, **kwargs):
            raise error

        def fail_half_way(file, **entries):
            file.write(b"PK\x03\x04" * 1000)
            raise error

        target = {
            "at the start": (np, "savez_compressed", fail),
            "half-way": (np, "savez_compressed", fail_half_way),
            "on the disk": (os, "fsync", fail),
            "at the end": (Path, "replace", fail),
        }
        with monkeypatch.context() as patch:
            patch.setattr(*target[where])
            with pytest.raises(type(error)) as raised:
                save_checkpoint(path, gpt(2))
        assert raised.value is error
        assert os.listdir(path.parent) == ([path.name] if old else [])
        if old:
            assert_same(everything(load_checkpoint(path)[0]), everything(gpt(1)))
        save_checkpoint(path, gpt(2))
        assert_same(everything(load_checkpoint(path)[0]), everything(gpt(2)))

    def test_the_new_file_is_whole_and_on_the_disk_before_it_takes_the_name(self, path, monkeypatch):
        log = []
        fsync, replace = os.fsync, Path.replace

        def synced(descriptor):
            log.append(("on the disk", os.fstat(descriptor).st_size))
            fsync(descriptor)

        def renamed(self, target):
            log.append(("named", os.path.getsize(self)))
            assert self.parent == path.parent and Path(target) == path
            return replace(self, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", renamed)
        save_checkpoint(path, gpt())
        assert log == [("on the disk", os.path.getsize(path)), ("named", os.path.getsize(path))]


KILLS = """
import os, random, signal, sys, time
from scratchml import GPT, GPTConfig, load_checkpoint, save_checkpoint

folder, kills = sys.argv[1], int(sys.argv[2])
path = os.path.join(folder, "model.npz")
models = [GPT(GPTConfig(7, 6, 32, 2, 2), rng=seed) for seed in (1, 2)]
states = [{name: array.tobytes() for name, array in model.state().items()} for model in models]
found, halves = [0, 0], 0
draw = random.Random(0)
for _ in range(kills):
    saved, say = os.pipe()
    child = os.fork()
    if child == 0:
        while True:
            for model in models:
                save_checkpoint(path, model)
                os.write(say, b".")
    os.close(say)
    started, times = time.perf_counter(), draw.choice([1, 2])
    for _ in range(times):  # however long that takes: until it has saved one model, or both
        assert os.read(saved, 1), "the child ended by itself"
    usual = (time.perf_counter() - started) / times
    time.sleep(draw.uniform(0, 2) * usual)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(saved)
    state = {name: array.tobytes() for name, array in load_checkpoint(path)[0].state().items()}
    found[states.index(state)] += 1
    for name in os.listdir(folder):
        if name != "model.npz":
            halves += 1
            os.remove(os.path.join(folder, name))
print(*found, halves)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_killed_at_any_moment_of_saving_there_is_the_old_file_or_the_new_one(tmp_path):
    """SIGKILL after a random time, fifty times, while the models of seeds 1 and 2 are saved in turn."""
    run = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path), "50"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    first, second, halves = map(int, run.stdout.split())
    assert first + second == 50
    assert min(first, second) >= 5  # both have been saved
    assert halves >= 5  # and some were killed half-way
