"""The curves of chapter training-a-gpt, beside the runs that they show (benchmarks/training_a_gpt.py)."""

import json

import pytest

from benchmarks.training_a_gpt import PEAKS, RESULTS, SEEDS, WARMUP, at_peak

MEASURED = json.loads(RESULTS.read_text("utf8"))


def test_every_peak_that_the_slider_has_was_measured():
    for warmup in (str(WARMUP), "0"):
        measured = MEASURED["warm-ups"][warmup]
        assert list(measured["curves"]) == list(map(str, PEAKS)), "measure again: python -m benchmarks.training_a_gpt"
        assert {len(losses) for losses in measured["validation"].values()} == {SEEDS}


def test_a_run_again_ends_where_its_curve_does():
    curve, validation = at_peak(0.01, WARMUP, seed=0)
    measured = MEASURED["warm-ups"][str(WARMUP)]
    assert curve == pytest.approx(measured["curves"]["0.01"], abs=0.02), "python -m benchmarks.training_a_gpt"
    assert validation == pytest.approx(measured["validation"]["0.01"][0], abs=0.02)


def test_without_a_warm_up_the_loss_ends_higher_where_the_chapter_says_so():
    ends = {w: MEASURED["warm-ups"][w]["validation"]["0.03"] for w in (str(WARMUP), "0")}
    assert max(ends[str(WARMUP)]) < min(ends["0"])
