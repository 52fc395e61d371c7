"""python -m benchmarks.site: the site that `mkdocs build` left in site/, as a reader gets it: Lighthouse's scores, what comes
with a page, what axe finds, and how soon and how well the search answers.

It is served compressed, as GitHub Pages does. It takes Node.js, and some minutes on a machine that does nothing else. The
results go to benchmarks/site.json, and from there into RESULTS.md; a score that is too low fails.
"""

import gzip
import json
import statistics
import sys
import threading
import time
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Request, sync_playwright
from tqdm import tqdm

from benchmarks.alternating import machine
from docs.editions.chromium import FLAGS, chromium
from tests.browser import lighthouse
from tests.browser.axe import violations
from tests.browser.conftest import until_quiet
from tests.browser.search_queries import QUERIES
from tests.browser.test_search import ASK_WORKER, FOLDERS, locations
from tests.browser.unseen_queries import UNSEEN
from tests.conftest import ROOT

SITE = ROOT / "site"
RESULTS = Path(__file__).with_suffix(".json")
KINDS = {
    "cover": "",
    "chapter": "neural-networks/backpropagation/",
    "long chapter": "neural-networks/network-from-scratch/",
    "chapter with sliders": "neural-networks/gradient-descent/",
    "lab": "labs/digits/",
    "glossary": "appendix/glossary/",
    "all names of the package": "appendix/api/",
    "exercise sheet": "neural-networks/gradient-descent-exercises/",
}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}  # slow 4G
ASKED = {"zh": "梯度下降", "en": "gradient descent"}
ROUNDS = 3


def weights(browser: Browser, base: str) -> dict[str, dict[str, int]]:
    """What comes to a reader who has never been there: bytes, compressed, and files."""
    found = {}
    for kind, address in KINDS.items():
        page = browser.new_context().new_page()
        came: list[Request] = []

        def finished(request: Request, came: list[Request] = came) -> None:
            came.append(request)

        page.on("requestfinished", finished)
        page.goto(base + address)
        until_quiet(page)
        found[kind] = {"bytes": sum(one.sizes()["responseBodySize"] for one in came), "files": len(came)}
        page.context.close()
    return found


def complaints(browser: Browser, base: str) -> dict[str, int]:
    """How many elements axe complains about, in both palettes together."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    found = {}
    for kind, address in KINDS.items():
        page.goto(base + address)
        found[kind] = len(violations(page))
    page.context.close()
    return found


def search(browser: Browser, base: str, language: str) -> dict[str, Any]:
    """How large the index is, how soon the first result stands there, and how many queries find what they want."""
    folder = base + FOLDERS[language]
    parts = [SITE / FOLDERS[language] / "search" / f"search_{part}.json" for part in ("index", "rest")]
    page = browser.new_page()
    page.goto(base)
    (worker,) = (SITE / "assets/javascripts/workers").glob("search.*.min.js")
    asked = {"common": QUERIES[language], "by somebody who hadn't seen the table": UNSEEN[language]}
    queries = [query for wanted in asked.values() for query in wanted]
    found = page.evaluate(ASK_WORKER, [base + worker.relative_to(SITE).as_posix(), folder, queries])
    page.close()
    where = locations()
    right = {
        kind: [
            sum(
                bool({where[place] for place in places.split()} & set(found[query])) for query, places in wanted.items()
            ),
            len(wanted),
        ]
        for kind, wanted in asked.items()
    }
    return {
        "bytes": [len(gzip.compress(part.read_bytes())) for part in parts],
        "seconds": statistics.median(first_result(browser, folder, ASKED[language]) for _ in range(ROUNDS)),
        "found": right,
    }


def first_result(browser: Browser, address: str, words: str) -> float:
    """Seconds from the key that opens the search to the first result, for a first visit over slow 4G."""
    page = browser.new_context().new_page()
    page.goto(address)
    until_quiet(page)
    inspector = page.context.new_cdp_session(page)
    inspector.send("Network.enable")
    inspector.send("Network.emulateNetworkConditions", SLOW)
    begun = time.perf_counter()
    page.keyboard.press("/")
    page.locator(".md-search__input").fill(words)
    page.locator("a.md-search-result__link").first.wait_for(state="attached", timeout=60_000)
    seconds = time.perf_counter() - begun
    page.context.close()
    return seconds


def table(found: dict[str, Any]) -> list[str]:
    """The part of RESULTS.md that says it."""
    lines = [
        "## The site",
        "",
        f"{found['browser']} on {found['machine']}, the site on the same machine, served compressed (`python -m benchmarks.site`).",
        "",
        "What comes with the first page that a reader opens, and what axe finds on it in both palettes:",
        "",
        "| page | KB, zh | files | axe | KB, en | files | axe |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for kind in KINDS:
        cells = [
            f"{found['weights'][language][kind]['bytes'] / 1024:.0f} | {found['weights'][language][kind]['files']} | {found['violations'][language][kind]}"
            for language in FOLDERS
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += [
        "",
        "Lighthouse, of 100; for the phone it slows this machine's processor down to a quarter:",
        "",
        lighthouse.table([lighthouse.Scores(*one) for one in found["lighthouse"]]),
        "",
        "The search: its index, titles and names first; the time from the key that opens it to the first result, over 1.6 Mbit/s with 150 ms; and how many queries have what they want among the first three results:",
        "",
        "| language | index, KB | first result, s | common queries | queries by somebody who hadn't seen the table of names |",
        "|---|--:|--:|--:|--:|",
    ]
    for language in FOLDERS:
        one = found["search"][language]
        shares = [f"{right} of {asked}" for right, asked in one["found"].values()]
        size = " + ".join(f"{part / 1024:.0f}" for part in one["bytes"])
        lines.append(f"| {language} | {size} | {one['seconds']:.1f} | {' | '.join(shares)} |")
    return [*lines, ""]


def main() -> int:
    if not (SITE / "index.html").is_file():
        sys.exit("there is no site; build it first: mkdocs build --strict")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(lighthouse.Compressed, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        found = {
            "machine": machine(),
            "browser": f"Chromium {browser.version}",
            "weights": {language: weights(browser, base + folder) for language, folder in FOLDERS.items()},
            "violations": {language: complaints(browser, base + folder) for language, folder in FOLDERS.items()},
            "search": {language: search(browser, base, language) for language in FOLDERS},
        }
        browser.close()
    scores = [
        lighthouse.scores(kind, screen, lighthouse.measure(base + address, options))
        for kind, address in tqdm(lighthouse.KINDS.items(), unit="page", desc="Lighthouse")
        for screen, options in lighthouse.SCREENS.items()
    ]
    server.shutdown()
    RESULTS.write_text(json.dumps({**found, "lighthouse": scores}, indent=1, ensure_ascii=False) + "\n", "utf8")
    print("\n".join(table(json.loads(RESULTS.read_text("utf8")))))
    return 1 if lighthouse.too_low(scores) else 0


if __name__ == "__main__":
    sys.exit(main())
