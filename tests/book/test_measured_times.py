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
