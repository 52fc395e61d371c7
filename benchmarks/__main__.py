"""python -m benchmarks [--peers PYTHON]: everything, on a quiet machine, in about half an hour; then RESULTS.md and its picture.

`--only-write` measures nothing, and writes these two from the results that are there.
"""

import argparse
import json
import math
import sys
from pathlib import Path

from benchmarks import browser, site, training, transformer

FOLDER = Path(__file__).parent
GOAL = 0.5


def networks() -> list[tuple[str, float, float, float]]:
    """The nine networks: what they are, and the milliseconds of a step: ours, ours in one process, and PyTorch's."""
    small = json.loads(training.RESULTS.read_text("utf8"))["results"]
    large = json.loads(transformer.RESULTS.read_text("utf8"))["steps"]
    names = [f"MLP {result['network']}, batch {result['batch']}" for result in small]
    names += ["GPT {}, {}, {}, {}, {}, {}, {}".format(*result["size"]) for result in large]
    times = [result["milliseconds"] for result in small + large]
    return [
        (name, ms["scratchml"], ms.get("scratchml, one process", ms["scratchml"]), ms["PyTorch"])
        for name, ms in zip(names, times, strict=True)
    ]


def geometric_mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def report() -> str:
    results = json.loads(transformer.RESULTS.read_text("utf8"))
    compared = networks()
    mean = geometric_mean([ours / theirs for _, ours, _, theirs in compared])
    mean_alone = geometric_mean([alone / theirs for _, _, alone, theirs in compared])
    lines = [
        "# scratchml beside PyTorch",
        "",
        f"On {results['machine']}, with numpy {results['numpy']}; PyTorch eager on the CPU, float32, Adam, the same mathematics. Each side ran in a process of its own,",
        "with the number of threads that suits it best (for us also a process for each core, by MPI), the two taking turns; medians of three rounds.",
        "`python -m benchmarks` measures all of it again.",
        "",
        "## A training step",
        "",
        "![The time of a training step of scratchml as a share of PyTorch's, for nine networks](results.svg)",
        "",
        "A GPT is named by vocabulary, context, width, layers, heads, batch and activation function.",
        "",
        "| network | scratchml, ms | in one process, ms | PyTorch, ms | share | share in one process |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {name} | {ours:.3g} | {alone:.3g} | {theirs:.3g} | {ours / theirs:.2f} | {alone / theirs:.2f} |"
            for name, ours, alone, theirs in compared
        ),
        f"| geometric mean | | | | {mean:.2f} | {mean_alone:.2f} |",
        "",
        f"The largest GPT computes at {results['steps'][-1]['gflops']:.0f} GFLOP/s, {results['steps'][-1]['gflops'] / results['matmul peak in GFLOP/s']:.0%} of what a 2048 × 2048 product of this machine reaches ({results['matmul peak in GFLOP/s']:.0f} GFLOP/s).",
        "",
        "## What takes the time",
        "",
        "With one thread, each part by itself, without the parts inside it:",
        "",
        "| part | " + " | ".join(f"GPT {', '.join(map(str, size))}" for size, _ in results["profile"]) + " |",
        "|---|" + "--:|" * len(results["profile"]),
        *(
            f"| `{part}` | " + " | ".join(f"{shares[part]:.1%}" for _, shares in results["profile"]) + " |"
            for part in results["profile"][0][1]
        ),
        "",
        (FOLDER / "limits.md").read_text("utf8").strip(),
        "",
        "## Memory of a training step",
        "",
        "The most that was held during the steps, less what is held with the libraries loaded and used once.",
        "",
        "| network | scratchml, MB | of which attention weights, MB | of two processes each, MB | PyTorch, MB |",
        "|---|--:|--:|--:|--:|",
        *(memory_row(step) for step in results["steps"]),
        "",
        "## Generation",
        "",
        "A GPT of {} vocabulary, {} context, {} wide, {} layers, {} heads writes 256 tokens.".format(
            *transformer.GENERATION
        ),
        "",
        "| | 256 tokens, ms | about the 10th token, ms | about the 250th, ms |",
        "|---|--:|--:|--:|",
    ]
    for label, cache, side in [
        ("scratchml, cache", "cache", "scratchml"),
        ("scratchml, no cache", "no cache", "scratchml"),
        ("PyTorch, cache", "cache", "PyTorch"),
    ]:
        every, tenth, late = results["generation"][cache][side]
        lines.append(f"| {label} | {every:.0f} | {tenth:.2f} | {late:.2f} |")
    losses = results["validation loss"]
    lines += [
        "",
        "## What it learns",
        "",
        f"A GPT of {transformer.LEARNING[1]} context, {transformer.LEARNING[2]} wide, {transformer.LEARNING[3]} layers, {transformer.LEARNING[4]} heads reads the English pages of the book, letter by letter, from the same first weights and in the same order.",
        f"Validation loss after each tenth of {transformer.STEPS} steps:",
        "",
        "| | " + " | ".join(str(transformer.STEPS // 10 * (i + 1)) for i in range(10)) + " |",
        "|---|" + "--:|" * 10,
        *(f"| {side} | " + " | ".join(f"{loss:.4f}" for loss in losses[side]) + " |" for side in losses),
        "",
        *in_the_browser(),
        *site.table(json.loads(site.RESULTS.read_text("utf8"))),
    ]
    return "\n".join(lines)


def in_the_browser() -> list[str]:
    found = json.loads(browser.RESULTS.read_text("utf8"))
    return [
        "## In the reader's browser",
        "",
        f"{found['browser']} on {found['machine']}, the site on the same machine, with Python's library as {'bytecode' if found['bytecode'] else 'source'}, medians of {browser.ROUNDS} browsers that had never been there (`python -m benchmarks.browser`).",
        "",
        "| | |",
        "|---|--:|",
        f"| from the first click on Run to the output, s | {found['cold']:.1f} |",
        f"| the same block again, s | {found['again']:.2f} |",
        *(
            f"| the {name} model writes, tokens a second | {found[f'{name}, tokens a second']:.0f} |"
            for name in ("idioms", "names")
        ),
        "",
    ]


def memory_row(step: dict) -> str:
    (own, of_all_processes), (theirs,) = step["megabytes"]["scratchml"], step["megabytes"]["PyTorch"]
    _, context, _, layers, heads, batch, _ = step["size"]
    weights = 4 * batch * heads * context**2 * layers / 1e6  # float32
    return f"| GPT {', '.join(map(str, step['size']))} | {own:.0f} | {weights:.0f} | {of_all_processes:.0f} | {theirs:.0f} |"


def picture() -> str:
    """A bar for each network, as long as our share of PyTorch's time; a line where the two are equal."""
    compared = networks()
    left, unit, row = 300, 300, 26
    height = row * len(compared) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + unit + 90} {height}" font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for i, (name, ours, _, theirs) in enumerate(compared):
        y, share = row * i + 8, ours / theirs
        parts.append(
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{name}</text><rect x="{left}" y="{y}" width="{unit * share:.0f}" height="20" fill="#0b66a8"/><text x="{left + unit * share - 6:.0f}" y="{y + 15}" text-anchor="end" fill="#fff">{share:.2f}</text>'
        )
    for share, label in [(GOAL, f"{GOAL}"), (1, "PyTorch = 1")]:
        x = left + unit * share
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{height - 22}" stroke="#666a73" stroke-dasharray="4 4"/><text x="{x:.0f}" y="{height - 6}" text-anchor="middle" fill="#666a73">{label}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=sys.executable, help="a Python that has torch and scikit-learn")
    parser.add_argument("--only-write", action="store_true", help="measure nothing")
    options = parser.parse_args()
    if not options.only_write:
        training.main(options.peers)
        transformer.main(options.peers)
    (FOLDER / "RESULTS.md").write_text(report(), "utf8")
    (FOLDER / "results.svg").write_text(picture(), "utf8")
