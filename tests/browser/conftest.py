"""The built site in a real browser, from the root of a host and from a folder, as GitHub Pages serves it.

Whatever a test looks at, it also fails when a page asks another host for anything, gets an error from its own,
or writes a warning to the console.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from docs.editions.chromium import FLAGS, chromium
from tests.conftest import ROOT

FOLDERS = {"at the root": "/", "in a folder": "/repo/"}


def addresses(language: str) -> list[str]:
    """Of every page in `language`, relative to the site: "", "how-to-use/", … or "en/", "en/how-to-use/", …."""
    sources = ROOT / "docs" / language
    pages = [
        path.relative_to(sources).with_suffix("").as_posix()
        for path in sorted([*sources.rglob("*.md"), *sources.glob("labs/*.py")])
    ]
    return [("en/" if language == "en" else "") + f"{page}/".removesuffix("index/") for page in pages]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not path and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(
            "REQUIRE_BROWSER is set, and there is no Chromium: install chromium (apt install chromium, brew install --cask chromium), Chrome or Edge",
            pytrace=False,
        )
    if not path:
        pytest.skip("no Chromium, Chrome or Edge on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hosts(site) -> Iterator[dict[str, str]]:
    """Two hosts with the built site: the address of its cover "at the root" of one and "in a folder" of the other."""

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".woff2": "font/woff2"}

        def __init__(self, *arguments, folder: str) -> None:
            self.folder = folder
            super().__init__(*arguments, directory=str(site))

        def translate_path(self, path: str) -> str:
            inside = path.startswith(self.folder)
            return (
                super().translate_path(path.removeprefix(self.folder[:-1]))
                if inside
                else str(site / "outside of the site's folder")
            )

        def log_message(self, *_) -> None:
            pass

    servers = {
        name: ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, folder=folder)) for name, folder in FOLDERS.items()
    }
    for server in servers.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {name: f"http://127.0.0.1:{server.server_port}{FOLDERS[name]}" for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def trouble() -> list[str]:
    """What went wrong in the browser since the last look."""
    return []


@pytest.fixture(autouse=True)
def nothing_goes_wrong(trouble) -> Iterator[None]:
    yield
    found = "\n".join(dict.fromkeys(trouble))
    trouble.clear()
    if found:
        pytest.fail(found, pytrace=False)


def ask(page: Page, function: str, argument: object = None) -> Any:
    """What `function`, of JavaScript, says of the page, as one text: over thousands of values by themselves Playwright takes
    several times as long as the page over finding them."""
    return json.loads(page.evaluate(f"argument => JSON.stringify(({function})(argument))", argument))


def wait_until(page: Page, condition: str, argument: object = None) -> None:
    """Wait for `condition`, a JavaScript function. Playwright's own wait evaluates strings, which the page's policy forbids."""
    met = page.evaluate(
        f"""async argument => {{
          const condition = {condition}
          for (const begun = Date.now(); Date.now() - begun < 10_000; await new Promise(done => setTimeout(done, 15)))
            if (await condition(argument)) return true
          return false
        }}""",
        argument,
    )
    assert met, f"ten seconds later still not: {condition}"


# How far what stands on the screen moves without the reader's doing, as a browser measures it, and what moves.
NOTE_SHIFTS = """
window.shifts = []
new PerformanceObserver(list => {
  for (const { value, sources } of list.getEntries())
    shifts.push({ by: value, nodes: sources.map(({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 120)) })
}).observe({ type: "layout-shift", buffered: true })
"""


def until_quiet(page: Page) -> None:
    """Wait until the page is loaded, and for half a second nothing more has come. Playwright's own wait for that has once
    found no end, with Chromium's headless shell on a busy machine."""
    page.wait_for_load_state()
    page.evaluate("""async () => {
      const come = () => performance.getEntriesByType("resource").length
      for (let before = -1; before !== come(); await new Promise(done => setTimeout(done, 500))) before = come()
      await document.fonts.ready
    }""")


def laid_out(page: Page) -> None:
    """All of the page is laid out, as once a reader has been everywhere on it (book.css)."""
    page.add_style_tag(content=".md-content__inner > * { content-visibility: visible !important }")
    page.evaluate("new Promise(requestAnimationFrame)")


def watch(context: BrowserContext, hosts: dict[str, str], trouble: list[str]) -> None:
    """Write down in `trouble` each request that leaves the site, each failed one, and what the console complains about."""

    def requested(request) -> None:
        if not request.url.startswith((*hosts.values(), "data:", "blob:")):
            trouble.append(f"a request leaves the site: {request.url}")

    def answered(response) -> None:
        if response.status >= 400:
            trouble.append(f"{response.status} {response.url}")

    def said(message) -> None:
        if message.type in ("error", "warning"):
            trouble.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    context.on("request", requested)
    context.on("response", answered)
    context.on("console", said)
    context.on("weberror", lambda error: trouble.append(f"error on the page: {error.error}"))


@pytest.fixture(scope="session")
def open_tab(browser, hosts, trouble) -> Callable[..., Page]:
    """A function that opens an empty tab, as for a reader who comes for the first time; it takes Playwright's options for a context."""

    def open_tab(**options) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", **options}
        )
        context.set_default_timeout(10_000)
        watch(context, hosts, trouble)
        return context.new_page()

    return open_tab


@pytest.fixture(scope="module")
def tab(open_tab) -> Iterator[Page]:
    """A tab for the tests of a module to share, since a new one takes as long as loading two pages."""
    page = open_tab()
    yield page
    page.context.close()


@pytest.fixture(scope="session")
def reading_tab(open_tab) -> Iterator[Page]:
    page = open_tab()
    yield page
    page.context.close()


WIDE, PHONE = (1280, 800), (390, 844)
PALETTES = {"light": "default", "dark": "slate"}


def page_id(address: str) -> str:
    return f"/{address}"


# For what has nothing to do with words: each page in one of its languages, since both have the same parts and styles
# (tests/book/test_parity.py).
in_one_language = pytest.mark.parametrize(
    "loaded",
    [pages[i % 2] for i, pages in enumerate(zip(addresses("zh"), addresses("en"), strict=True))],
    indirect=True,
    ids=page_id,
)


@pytest.fixture(scope="session", params=addresses("zh") + addresses("en"), ids=page_id)
def loaded(request, reading_tab, hosts) -> Page:
    """Each page of the book in turn, with every solution open. It is loaded once for all the tests that look at it."""
    reading_tab.goto(hosts["at the root"] + request.param)
    reading_tab.add_style_tag(
        content="*, ::before, ::after { transition: none !important; animation: none !important }"
    )
    reading_tab.evaluate(
        "document.querySelectorAll('.md-content details').forEach(details => details.open = true); document.fonts.ready.then(() => true)"
    )
    laid_out(reading_tab)
    return reading_tab


@pytest.hookimpl(trylast=True)  # after pytest has put together what shares a page
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a page's tests those come together that look at it on the same screen and in the same palette: each other one has it
    laid out anew."""
    at = [i for i, item in enumerate(items) if "loaded" in getattr(item, "fixturenames", ())]
    of_pages = [items[i] for i in at]
    first = {parameters(item)["loaded"]: i for i, item in reversed(list(enumerate(of_pages)))}

    def how(item: pytest.Item) -> tuple[int, int, bool]:
        given = parameters(item)
        screen = given.get("screen", PHONE if "phone" in item.fixturenames else WIDE)  # type: ignore[attr-defined]
        width = screen if isinstance(screen, int) else screen[0]
        return first[given["loaded"]], -width, given.get("palette", PALETTES["light"]) != PALETTES["light"]

    for i, item in zip(at, sorted(of_pages, key=how), strict=True):
        items[i] = item


def parameters(item: pytest.Item) -> dict:
    return item.callspec.params  # type: ignore[attr-defined]


def shown(page: Page, screen: tuple[int, int], palette: str = PALETTES["light"]) -> Page:
    """The page on this screen and in this palette; only what is different is set, since a long page takes its time."""
    width, height = screen
    if page.viewport_size != {"width": width, "height": height}:
        page.set_viewport_size({"width": width, "height": height})
    return in_palette(page, palette)


def in_palette(page: Page, palette: str) -> Page:
    page.evaluate(
        "palette => { if (document.body.dataset.mdColorScheme !== palette) document.body.dataset.mdColorScheme = palette }",
        palette,
    )
    return page


@pytest.fixture
def page(loaded) -> Page:
    """Each page in a wide window and the light palette."""
    return shown(loaded, WIDE)


@pytest.fixture
def phone(loaded) -> Page:
    """Each page on a screen 390 pixels wide, in the light palette."""
    return shown(loaded, PHONE)
