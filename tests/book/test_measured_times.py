"""What the pages say about times, beside the measurements that are committed (benchmarks/)."""

import json

from tests.conftest import ROOT


def test_matrices_are_as_much_faster_as_chapter_9_says():
    results = json.loads((ROOT / "benchmarks" / "training.json").read_text("utf8"))["results"]
    times = [result["milliseconds"] for result in results]
    ratios = [milliseconds["neuron"] / milliseconds["matrices"] for milliseconds in times]
    assert min(ratios) > 10, "“less than a tenth of the time”"
    assert 55 < ratios[-1] < 67, "“in the widest, on this machine, about a sixtieth”"


def test_the_lead_over_pytorch_shrinks_as_chapter_9_says():
    results = json.loads((ROOT / "benchmarks" / "training.json").read_text("utf8"))["results"]
    first, second, third = (r["milliseconds"]["PyTorch"] / r["milliseconds"]["scratchml"] for r in results)
    assert first > second > 1.2, "“slower in the first two networks”"
    assert 0.85 < third < 1.15, "“in the third PyTorch has caught up”"


def test_a_step_of_the_names_model_takes_what_many_computers_counts_with():
    results = json.loads((ROOT / "benchmarks" / "machines.json").read_text("utf8"))
    assert round(results["milliseconds"]) == 12, "“12 milliseconds”, and 0.012 in the block"
    times = results["microseconds"]
    assert times[3] < 10, "“a level stretch of a few microseconds”"
    assert 100 < times[-1] / times[-5] < 1000, "“in proportion to the bytes”: 256 times as many"
