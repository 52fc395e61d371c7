"""Lighthouse's scores of six kinds of page, on a phone and on a desktop, of a site served compressed as GitHub Pages does.

Lighthouse is fetched by npx, so it takes Node.js and some minutes: once a week is often enough (benchmarks/site.py).
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from http.server import SimpleHTTPRequestHandler
from typing import NamedTuple

from docs.editions.chromium import FLAGS, chromium

LIGHTHOUSE = "lighthouse@12.8.2"  # another version may score otherwise
KINDS = {
    "cover": "",
    "chapter": "neural-networks/backpropagation/",
    "long chapter": "en/neural-networks/network-from-scratch/",
    "chapter with sliders": "en/neural-networks/gradient-descent/",
    "glossary": "appendix/glossary/",
    "lab": "en/labs/digits/",
}
SCREENS: dict[str, list[str]] = {"phone": [], "desktop": ["--preset=desktop"]}
# The least that each may have. Performance depends on the machine, too.
FLOORS = {"performance": 90, "accessibility": 100, "best-practices": 100, "seo": 100}


class Scores(NamedTuple):
    kind: str
    screen: str
    scores: dict[str, int]  # category → 0 to 100
    lost: list[str]  # what has cost points, other than time


def scores(kind: str, screen: str, report: dict) -> Scores:
    categories = {name: category for name, category in report["categories"].items() if name in FLOORS}
    weighed = {
        audit["id"]
        for name, category in categories.items()
        for audit in category["auditRefs"]
        if name != "performance" and audit["weight"]
    }
    lost = [name for name in sorted(weighed) if (report["audits"][name]["score"] or 0) < 1 and _counts(report, name)]
    return Scores(kind, screen, {name: round(100 * (each["score"] or 0)) for name, each in categories.items()}, lost)


def _counts(report: dict, audit: str) -> bool:
    return report["audits"][audit]["scoreDisplayMode"] not in {"notApplicable", "manual", "informative"}


def table(found: Iterable[Scores]) -> str:
    """What a person reads, and GitHub shows as a table."""
    lines = [f"| page | screen | {' | '.join(FLOORS)} | lost by |", "|---" * (len(FLOORS) + 3) + "|"]
    for one in found:
        cells = [f"{one.scores[name]}{' ✗' * (one.scores[name] < floor)}" for name, floor in FLOORS.items()]
        lines.append(f"| {' | '.join([one.kind, one.screen, *cells, ', '.join(one.lost)])} |")
    return "\n".join(lines)


def too_low(found: Iterable[Scores]) -> bool:
    return any(one.scores[name] < floor for one in found for name, floor in FLOORS.items())


class Compressed(SimpleHTTPRequestHandler):
    """Serves site/, its texts compressed."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".woff2": "font/woff2"}

    def do_GET(self) -> None:
        path = self.translate_path(self.path)
        path += "index.html" if path.endswith("/") else ""
        if not path.endswith((".html", ".css", ".js", ".json", ".xml", ".svg")) or not os.path.isfile(path):
            return super().do_GET()
        with open(path, "rb") as file:
            body = gzip.compress(file.read())
        self.send_response(200)
        for name, value in [
            ("Content-Type", f"{self.guess_type(path)}; charset=utf-8"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "max-age=600"),
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *_) -> None:
        pass


def measure(address: str, options: list[str]) -> dict:
    npx = shutil.which("npx")
    if not npx:
        sys.exit("Lighthouse takes Node.js, which brings npx: https://nodejs.org/")
    run = subprocess.run(
        [
            *(npx, "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", *options),
            f"--only-categories={','.join(FLOORS)}",
            f"--chrome-flags=--headless=new {' '.join(flag for flag in FLAGS if ' ' not in flag)}",
        ],
        env=os.environ
        | {"CHROME_PATH": chromium() or "", "npm_config_ignore_scripts": "true", "PUPPETEER_SKIP_DOWNLOAD": "1"},
        stdout=subprocess.PIPE,
        encoding="utf8",
        timeout=300,
        check=True,
    )
    return json.loads(run.stdout)
