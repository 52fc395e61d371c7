"""The curves of chapter training-a-gpt, beside the runs that they show (benchmarks/training_a_gpt.py)."""

import json

import pytest

from benchmarks.training_a_gpt import BAD_STEP, LIMIT, PEAKS, RESULTS, SEEDS, WARMUP, at_peak

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


def test_a_warm_up_helps_where_the_chapter_says_so():
    means = {
        warmup: {peak: sum(losses) / SEEDS for peak, losses in MEASURED["warm-ups"][warmup]["validation"].items()}
        for warmup in (str(WARMUP), "0")
    }
    warm, cold = means[str(WARMUP)], means["0"]
    assert all(abs(warm[peak] - cold[peak]) < 0.02 for peak in ("0.0005", "0.001", "0.002", "0.003")), "“no difference”"
    assert round(warm["0.02"], 2) == 2.17 and round(cold["0.02"], 2) == 2.31
    assert round(min(warm.values()), 2) == 2.16 and round(min(cold.values()), 2) == 2.18, "“hardly a gain”"
    assert all(warm[p] < min(warm.values()) + 0.01 for p in ("0.005", "0.007", "0.01", "0.014", "0.02")), "“as good”"


def test_the_gradients_that_are_clipped_are_those_of_the_first_steps_and_the_bad_batch():
    longer = [step for step, norm in enumerate(MEASURED["clipping"]["with"]["norms"]) if norm > LIMIT]
    assert len(longer) == 29 and longer[-2] < 30 and longer[-1] == BAD_STEP


def test_patience_would_stop_where_the_chapter_says_so():
    losses = MEASURED["decays"]["0.0"]["validation"]
    assert losses.index(min(losses)) + 1 == 15, "“after 15 epochs”; with a patience of 4, the last one is 19"
