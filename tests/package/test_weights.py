"""The models that ship, and the script that makes them."""

import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from scratchml import (
    CrossEntropy,
    digit_from_strokes,
    digits,
    generate,
    idioms,
    load_checkpoint,
    mean_loss,
    names,
    pretrained,
)
from scratchml.weights import train as script

ROOT = Path(__file__).parents[2]
NAMES = sorted(script.RECIPES)


def held_out(name):
    """The words that the script keeps from the model, as it chooses them."""
    words = script.RECIPES[name].words()
    order = np.random.default_rng(script.SEED).permutation(len(words))
    return [words[i] for i in order[: len(words) // 10]]


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_in_one_line_and_is_small(name):
    model, tokenizer = pretrained(name)
    assert model.config.vocab_size == tokenizer.vocab_size
    assert (resources.files("scratchml") / "weights" / f"{name}.npz").stat().st_size <= 300_000
    again, _ = pretrained(name)
    model.final_norm.gain.value = 0
    assert again.final_norm.gain.value.any(), "each call gives a model of one's own"


@pytest.mark.parametrize("name", ["letters", "", "../weights/idioms", "idioms.npz", None, 0, ["idioms"]])
def test_another_name_is_refused(name):
    with pytest.raises(ValueError, match=re.escape(f"name must be one of digits, idioms, names, got {name!r}")):
        pretrained(name)


@pytest.mark.parametrize(("name", "loss"), [("idioms", 27), ("names", 14)])
def test_it_has_learned_something_about_words_that_it_never_read(name, loss):
    model, tokenizer = pretrained(name)
    length = model.config.context_length
    rows = script.rows(held_out(name), tokenizer, length)
    of_a_word = mean_loss(model, CrossEntropy(), [rows]) * length
    # If all characters were equally probable: so many to choose, times ln V.
    characters = np.mean([len(word) + 1 for word in held_out(name)])
    assert of_a_word < loss < 0.75 * characters * np.log(tokenizer.vocab_size)


@pytest.mark.parametrize(("name", "words", "most_copies"), [("idioms", idioms, 5), ("names", names, 80)])
def test_nearly_all_that_it_writes_is_valid_and_most_of_it_new(name, words, most_copies):
    model, tokenizer = pretrained(name)
    rng, read = np.random.default_rng(5), set(words())
    written = [script.write(model, tokenizer, rng) for _ in range(200)]
    valid = [word for word in written if script.RECIPES[name].is_valid(word)]
    assert len(valid) >= 185
    assert sum(word in read for word in valid) <= most_copies
    assert len(set(valid)) > 150


def test_the_network_reads_digits_of_the_test_and_digits_that_are_drawn():
    network = pretrained("digits")
    _, _, images, labels = digits()
    assert (network(images).argmax(axis=1) == labels).mean() > 0.97
    hands = json.loads((Path(__file__).parent / "drawings.json").read_text("utf8"))["hands"]
    drawn = np.array([digit_from_strokes(strokes) for hand in hands for strokes in hand])  # (30, 64)
    right = (network(drawn).argmax(axis=1) == np.tile(np.arange(10), 3)).sum()
    assert len(drawn) == 30 and right >= 24
    pretrained("digits").load_state({name: value * 0 for name, value in network.state().items()})
    assert pretrained("digits")(images).any(), "each call gives a network of one's own"


def test_the_script_trains_the_network_again_as_it_ships(tmp_path, capsys):
    script.train_digits(tmp_path)
    assert re.search(r"best after \d+ epochs; 9\d\.\d% of the test images are read right", capsys.readouterr().out)
    with np.load(tmp_path / "digits.npz") as file:
        for name, value in pretrained("digits").state().items():
            np.testing.assert_allclose(file[name], value, rtol=1e-6, atol=1e-9)


def test_a_line_end_is_the_prompt():
    model, tokenizer = pretrained("idioms")
    text = tokenizer.decode(generate(model, tokenizer.encode("\n"), 5, top_k=1, rng=0))
    assert len(text) == 5 and text[4] == "\n" and all("\u4e00" <= c <= "\u9fff" for c in text[:4])


def test_the_script_trains_saves_and_reports(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script, "SAMPLES", 20)
    small = script.RECIPES["names"]._replace(
        words=lambda: ["anna", "hannah", "nan", "ann"] * 40, embedding_dim=16, num_layers=1, epochs=20, peak=0.02
    )
    monkeypatch.setitem(script.RECIPES, "names", small)
    folder = tmp_path / "a new" / "folder"
    script.train("names", folder)
    assert os.listdir(folder) == ["names.npz"]
    report = capsys.readouterr().out
    epochs = [int(i) for i in re.findall(r"^epoch (\d+) of 20: [\d,]+ tokens per second$", report, re.MULTILINE)]
    assert len(epochs) > 4 and epochs == list(range(1, len(epochs) + 1))
    _, tokenizer = load_checkpoint(folder / "names.npz")
    assert tokenizer.decode(range(tokenizer.vocab_size)) == "\nahn"
    parts = r"(\d+) copies of what it read, \d+ that were kept from it, (\d+) in neither"
    copies, neither = map(int, re.search(parts, report).groups())
    assert copies >= 15, report  # four words, read forty times each
    valid = int(re.search(r"of 20 samples (\d+) are valid", report)[1])
    assert copies + neither <= valid <= 20
    assert re.search(
        r"trained for \d+ s, best after \d+ epochs; loss of a word: \d+\.\d\d, of one kept from it \d+\.\d\d; \d+ KB in names\.npz",
        report,
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["names"], "the following arguments are required: --out"),
        (["words", "idioms", "xor", "--out", "{folder}"], "names must be of digits, idioms, names, got words, xor"),
    ],
    ids=["no folder", "unknown names"],
)
def test_called_in_another_way_it_says_so_and_trains_nothing(arguments, says, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "scratchml.weights.train", *(a.format(folder=tmp_path / "new") for a in arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 2 and says in finished.stderr
    assert finished.stdout == "" and os.listdir(tmp_path) == []
