"""python -m benchmarks.browser: how long a reader waits for Python in the page, of the site that `mkdocs build` left in site/.

Each round opens a browser that has never been there. The results go to benchmarks/browser.json, and from there into RESULTS.md.
"""

import json
import statistics
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.alternating import machine
from docs.editions.chromium import FLAGS, chromium
from tests.browser.conftest import until_quiet
from tests.conftest import ROOT

RESULTS = Path(__file__).with_suffix(".json")
PAGE = "en/neural-networks/gradient-descent/"
ROUNDS = 5
WRITTEN = """\
import time
from scratchml import generate, pretrained

for name in ["idioms", "names"]:
    model, tokenizer = pretrained(name)
    start = time.perf_counter()
    tokens = list(generate(model, tokenizer.encode("\\n"), 200, rng=0, use_cache=False))
    print(name, 200 / (time.perf_counter() - start))
"""


class Quiet(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".mjs": "text/javascript"}

    def log_message(self, *_: object) -> None:
        pass


def round_of(browser: Browser, address: str) -> dict[str, float]:
    """Seconds from a click to the first output, cold and again; tokens that the models write in a second."""
    page = browser.new_context().new_page()
    page.goto(address)
    until_quiet(page)
    panel = page.locator(".run-panel")
    found = {"cold": _seconds(page, page.locator(".run-code").first.click)}
    found["again"] = min(_seconds(page, panel.locator(".run-again").click) for _ in range(5))
    panel.locator(".run-edit").click()
    page.locator(".run-editor").fill(WRITTEN)
    _seconds(page, partial(page.keyboard.press, "Control+Enter"))
    for line in panel.locator("pre").inner_text().strip().splitlines():
        name, speed = line.split()
        found[f"{name}, tokens a second"] = float(speed)
    page.context.close()
    return found


def _seconds(page: Page, act: Callable[[], object]) -> float:
    page.evaluate(WATCH)
    act()
    return float(page.evaluate("taken"))


# In the page itself: what drives the browser looks only every half second.
WATCH = """
window.taken = new Promise(done => {
  let begun
  for (const act of ["click", "keydown"]) addEventListener(act, () => { begun ??= performance.now() }, true)
  new MutationObserver((_, observer) => {
    const panel = document.querySelector(".run-panel")
    if (!begun || !panel || panel.dataset.state === "busy") return
    observer.disconnect()
    done((performance.now() - begun) / 1000)
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["data-state"] })
}), null
"""


def has_bytecode() -> bool:
    """Whether what every run imports is compiled already, as in a site that is built where a Python of the engine's version is."""
    (library,) = (ROOT / "site" / "run").glob("pyodide-*/python_stdlib.zip")
    return any(name.endswith(".pyc") for name in zipfile.ZipFile(library).namelist())


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        rounds = [round_of(browser, f"http://127.0.0.1:{server.server_port}/{PAGE}") for _ in range(ROUNDS)]
        version = browser.version
        browser.close()
    server.shutdown()
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    where = {"machine": machine(), "browser": f"Chromium {version}", "bytecode": has_bytecode()}
    RESULTS.write_text(json.dumps({**where, **medians}, indent=1) + "\n", "utf8")
    print(RESULTS.read_text("utf8"))


if __name__ == "__main__":
    main()
