"""What the pages say about times, beside the measurements that are committed (benchmarks/)."""

import json

from tests.conftest import ROOT


def test_matrices_are_as_much_faster_as_chapter_9_says():
    results = json.loads((ROOT / "benchmarks" / "training.json").read_text("utf8"))["results"]
    times = [result["milliseconds"] for result in results]
    ratios = [milliseconds["neuron"] / milliseconds["matrices"] for milliseconds in times]
    assert min(ratios) > 10, "“less than a tenth of the time”"
    assert 45 < ratios[-1] < 55, "“in the widest about a fiftieth”"
