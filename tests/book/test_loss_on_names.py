"""The chart of part II's losses, beside the models that it shows (benchmarks/names.py)."""

import json

import pytest

from benchmarks.names import DEPTHS, RESULTS, ROWS, loss_at_depth, loss_of_heads, measure

COMMITTED = json.loads(RESULTS.read_text("utf8"))
MEASURED = {row["model"]: row for row in COMMITTED["rows"]}


def test_the_chart_has_the_rows_of_the_benchmark_in_its_order():
    assert [(row["chapter"], row["model"]) for row in MEASURED.values()] == [
        (chapter, train.__name__) for chapter, train in ROWS
    ], "measure again: python -m benchmarks.names"


@pytest.mark.parametrize(
    "train", [train for _, train in ROWS if MEASURED.get(train.__name__, {}).get("seconds", 9) < 2]
)
def test_a_model_trained_again_has_the_loss_and_the_parameters_of_the_chart(train):
    committed, again = MEASURED[train.__name__], measure(train)
    assert again["parameters"] == committed["parameters"]
    assert again["loss"] == pytest.approx(committed["loss"], abs=1e-3), "measure again: python -m benchmarks.names"


def test_several_heads_trained_again_have_the_loss_that_is_drawn():
    assert loss_of_heads(8, seed=2) == pytest.approx(COMMITTED["heads"]["8"][2], abs=1e-3), "python -m benchmarks.names"


@pytest.mark.parametrize("order", ["pre", "post"])
def test_a_block_in_either_order_has_the_loss_that_is_drawn(order):
    drawn = COMMITTED["depths"][order][DEPTHS.index(1)]
    assert loss_at_depth(order, 1) == pytest.approx(drawn, abs=5e-3), "python -m benchmarks.names"
