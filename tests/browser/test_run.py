"""Run: blocks run in the reader's browser, and what they print is what stands on the page."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from docs.hooks.run import package, release
from tests.book.fences import meaning
from tests.book.page import Fence, read_book
from tests.browser.axe import violations
from tests.browser.conftest import NOTE_SHIFTS, PHONE, WIDE, until_quiet, wait_until

CHAPTER = "en/neural-networks/gradient-descent/"
PATIENCE = 60_000  # milliseconds, for a machine that does much else


@pytest.fixture(scope="session", autouse=True)
def _engine(site) -> None:
    if (site / "run").is_dir():
        return
    reason = "the site has no Run: Python for the browser couldn't be had (docs/pyodide.toml)"
    if os.environ.get("REQUIRE_PYODIDE"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Block:
    """A block of a page, as a reader uses it."""

    def __init__(self, page: Page, number: int = 0) -> None:
        self.page = page
        self.code = page.locator(".language-python.highlight:has(.run-code)").nth(number)
        self.starter = self.code.locator(".run-code")
        self.panel = self.code.locator("xpath=following-sibling::*[2][contains(@class, 'run-panel')]")
        self.status = self.panel.get_by_role("status")
        self.output = self.panel.locator("pre > code").first
        self.editor = self.code.locator(".run-editor")

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name, exact=True)

    def run(self, code: str | None = None) -> str:
        """Run it, with `code` in it if that is given, and return what it prints."""
        if code is not None:
            self.write(code)
        if self.editor.count():
            self.editor.press("Control+Enter")
        else:
            self.starter.click()
        return self.printed()

    def write(self, code: str) -> None:
        if not self.editor.count():
            self.code.get_by_role("button", name="Edit").click()
        self.editor.fill(code)

    def printed(self) -> str:
        """What stands under it when it has ended."""
        # Soon, where an `expect` would look again after a tenth of a second or more: there are hundreds of blocks.
        at_rest = self.panel.evaluate(
            """async (panel, patience) => {
              const begun = Date.now()
              while (panel.dataset.state && Date.now() - begun < patience) await new Promise(done => setTimeout(done, 15))
              return !panel.dataset.state
            }""",
            PATIENCE,
        )
        assert at_rest, self.status.inner_text()
        return self.output.evaluate("code => code.textContent.replaceAll('\\u200b', '')")


@pytest.fixture(scope="module")
def chapter(open_tab, hosts) -> Iterator[Page]:
    """A chapter as a reader finds it who has run nothing; the tests that stand first start Python on it, and it stays."""
    page = open_tab(reduced_motion="reduce")
    page.goto(hosts["in a folder"] + CHAPTER)
    yield page
    page.context.close()


@pytest.fixture
def warm(chapter) -> Page:
    """The chapter, with Python started: each start takes ten seconds of work."""
    if not Block(chapter).panel.count():
        Block(chapter).run()
    return chapter


@pytest.fixture
def block(warm) -> Iterator[Block]:
    found = Block(warm)
    yield found
    if found.button("Stop").is_visible():
        found.button("Stop").click()
    if found.button("Reset").is_visible():
        found.button("Reset").click()


def requests(page: Page) -> list[str]:
    """The paths that are asked for from now on, but for the tab's icon, which the browser fetches when it likes."""
    asked: list[str] = []

    def note(request) -> None:
        path = urlsplit(request.url).path.removeprefix("/repo/")
        if not request.url.startswith(("blob:", "data:")) and path != "images/favicon.svg":
            asked.append(path)

    page.context.on("request", note)
    return asked


ENGINE = {f"run/pyodide-{release().version}/{name}" for name in release().sha256}


# ---- what is loaded, and when


def test_nothing_of_it_comes_before_a_click(open_tab, hosts):
    page = open_tab()
    asked = requests(page)
    page.goto(hosts["in a folder"] + CHAPTER)
    until_quiet(page)
    assert not [path for path in asked if path.startswith("run/") or "worker" in path]
    expect(Block(page).starter).to_have_attribute("title", re.compile(r"loads \d+\.\d MB the first time"))
    page.context.close()


def test_while_it_loads_it_says_how_much_and_can_be_stopped(chapter, trouble):
    held: list = []
    chapter.context.route("**/*.wasm", lambda route: held.append(route))
    block = Block(chapter)
    block.starter.click()
    expect(block.status).to_have_text(re.compile(r"Loading Python, \d\.\d MB, only this once"))
    bar = block.panel.locator("progress")
    expect(bar).to_be_visible()
    wait_until(chapter, "() => document.querySelector('.run-panel progress').value > 1e6")
    assert bar.evaluate("bar => bar.value < bar.max")
    block.button("Stop").click()
    expect(block.status).to_have_text("Stopped")
    expect(block.button("Run")).to_be_focused()
    for route in held:
        route.abort()
    chapter.context.unroute("**/*.wasm")
    trouble.clear()  # the browser complains about the request that was cut


def test_after_a_stop_and_whichever_file_did_not_come_it_loads_what_is_needed(chapter, trouble):
    block = Block(chapter)
    press = block.starter
    for lost in ["python-worker.js", "pyodide.mjs", "*.wasm", "python_stdlib.zip", "numpy-*.whl", "scratchml-*.zip"]:
        asked = requests(chapter)
        chapter.context.route(f"**/{lost}", lambda route: route.abort())
        press.click()
        expect(block.status).to_have_text(
            "Python couldn’t be loaded. Check your connection, then retry.", timeout=PATIENCE
        )
        assert any(fnmatch(path, f"*/{lost}") for path in asked), f"{lost} isn't asked for"
        chapter.context.unroute(f"**/{lost}")
        press = block.button("Retry")
    asked = requests(chapter)
    press.click()
    assert "rate 0.1" in block.printed()
    assert set(asked) == ENGINE | {f"run/{package().name}", "javascripts/python-worker.js"}
    trouble.clear()


def test_data_come_when_they_are_read_and_another_block_asks_for_nothing(block):
    asked = requests(block.page)
    block.run("from scratchml import digits\nprint(digits().test_images.shape)")
    assert block.output.inner_text().strip() == "(364, 64)"
    assert asked == [f"run/{package().address('scratchml/data/digits.npz')}"]
    asked.clear()
    Block(block.page, 1).run()
    assert asked == []


def test_data_that_do_not_come_are_an_error_and_come_the_next_time(block, trouble):
    code = "from scratchml import names\nprint(names()[0])"
    block.page.context.route("**/names-*.txt", lambda route: route.abort())
    assert "OSError" in block.run(code)
    block.page.context.unroute("**/names-*.txt")
    assert "Error" not in block.run(code)
    trouble.clear()


@pytest.mark.parametrize(
    "missing",
    [
        "delete window.WebAssembly",
        # An older browser takes no notice of the worker's type.
        "{ const Old = Worker; window.Worker = function (address) { return new Old(address) } }",
    ],
    ids=["WebAssembly", "module workers"],
)
def test_a_browser_that_cannot_says_so_in_one_sentence(open_tab, hosts, trouble, missing):
    page = open_tab()
    page.add_init_script(missing)
    page.goto(hosts["in a folder"] + CHAPTER)
    block = Block(page)
    block.starter.click()
    expect(block.status).to_have_text("This browser is too old to run code in the page.")
    page.context.close()
    trouble.clear()


# ---- a run


def test_the_same_output_is_called_the_same_and_another_is_marked_where_it_differs(block):
    block.run()
    expect(block.status).to_have_text(re.compile(r"The same as in the book · [\d.]+ s"))
    code = block.code.locator("code").first.inner_text()
    block.run(code.replace("0.9", "0.5"))
    expect(block.status).to_have_text(re.compile("1 line differs from the book"))
    assert [line[:8] for line in block.panel.locator(".run-line.differs").all_inner_texts()] == ["rate 0.5"]


def test_output_comes_while_the_block_runs(block):
    block.write("import time\nfor i in range(40):\n    print('line', i)\n    time.sleep(0.05)")
    block.editor.press("Control+Enter")
    expect(block.output).to_contain_text("line 3")
    expect(block.panel).to_have_attribute("data-state", "busy")
    assert "line 39" in block.printed()


def test_a_traceback_names_the_line_of_the_block_and_nothing_of_the_runner(block):
    printed = block.run("def half(x):\n    return 1 / x\n\n\nprint(half(2))\nhalf(0)\n")
    assert printed.startswith("0.5\nTraceback (most recent call last):\n")
    assert 'File "<block>", line 6, in <module>\n    half(0)' in printed
    assert 'File "<block>", line 2, in half\n    return 1 / x' in printed
    assert "block_runner" not in printed and "pyodide" not in printed
    expect(block.status).to_have_text("Broke off: ZeroDivisionError, line 2")
    assert "SyntaxError" in block.run("print(1)\nif True print(2)")
    expect(block.status).to_have_text("Broke off: SyntaxError, line 2")


def test_a_message_of_scratchml_is_shown_as_it_is(block):
    assert "ValueError: " in block.run("from scratchml import digits\ndigits('half')")
    expect(block.status).to_have_text("Broke off: ValueError, line 2")


def test_what_is_compiled_for_the_site_is_what_every_run_imports(block):
    """In docs/pyodide.toml, under `compiled`."""
    printed = block.run(
        "import sys, zipimport, scratchml\n"
        "specs = [module.__spec__ for module in sys.modules.values() if getattr(module, '__spec__', None)]\n"
        "print(*sorted({spec.name for spec in specs if isinstance(spec.loader, zipimport.zipimporter)}))\n"
    )
    assert printed.split() == sorted(release().compiled.split())


def test_each_run_is_a_fresh_one(block):
    block.run("seen = 1\nprint('kept')")
    assert "NameError" in block.run("print(seen)")


def test_the_button_that_was_pressed_stops_an_endless_loop_and_the_next_run_works(block):
    block.write("print('begun', flush=True)\nwhile True:\n    pass")
    block.starter.click()
    expect(block.status).to_have_text("Running")
    expect(block.starter).to_have_text("Stop")
    expect(block.button("Stop")).to_be_visible()
    expect(block.panel.locator(".run-clock")).to_have_text(re.compile(r"^\s*\d+ s$"), timeout=PATIENCE)
    block.starter.click()
    expect(block.status).to_have_text("Stopped", timeout=1000)
    expect(block.starter).to_have_text("Run")
    assert block.run("print(6 * 7)") == "42\n"


def test_two_blocks_at_once_run_one_after_the_other(block):
    other = Block(block.page, 1)
    block.write("import time\ntime.sleep(1)\nprint('first')")
    block.editor.press("Control+Enter")
    other.starter.click()
    expect(other.status).to_have_text("Waiting for the block before")
    assert block.printed() == "first\n"
    other.printed()
    expect(other.status).to_contain_text("The same as in the book")


def test_much_output_is_cut_and_the_page_stays_alive(block):
    printed = block.run("for i in range(100_000):\n    print(i)")
    assert len(printed) < 101_000 and printed.rstrip().endswith("…")
    expect(block.status).to_have_text("Too much output: the rest isn’t shown")
    assert block.run("print(1)") == "1\n"


def test_a_progress_line_is_written_over(block):
    assert block.run(r"print('10%\r20%\r30%')") == "30%\n"


def test_input_says_what_to_do(block):
    assert "EOFError: a block can't ask for input here: write the value into the code" in block.run("input('name? ')")


def test_when_python_itself_breaks_the_next_run_starts_it_anew(block, trouble):
    block.run("import os\nos.abort()")
    expect(block.status).to_have_text("Python crashed. It starts anew with the next run.")
    assert block.run("print(6 * 7)") == "42\n"
    trouble.clear()  # Pyodide's last words


# ---- keyboard and focus


def test_the_keyboard_edits_runs_leaves_and_resets(block):
    block.run()
    block.button("Edit").focus()
    block.page.keyboard.press("Enter")
    expect(block.editor).to_be_focused()
    expect(block.editor).to_have_attribute("aria-label", re.compile("Ctrl.Enter runs it, Esc leaves it"))
    block.page.keyboard.type("print('typed')\n")
    block.page.keyboard.press("Control+Enter")
    assert block.printed().startswith("typed\n")
    expect(block.editor).to_be_focused()
    block.page.keyboard.press("Escape")
    expect(block.button("Run")).to_be_focused()
    block.page.keyboard.press("Shift+Tab")
    expect(block.button("Reset")).to_be_focused()
    block.page.keyboard.press("Enter")
    expect(block.editor).to_have_count(0)
    expect(block.code.locator("code").first).to_be_visible()
    expect(block.output).to_be_hidden()
    expect(block.button("Undo the reset")).to_be_focused()
    block.page.keyboard.press("Enter")
    expect(block.editor).to_have_value(re.compile(r"^print\('typed'\)"))
    expect(block.editor).to_be_focused()


def test_the_code_can_be_changed_before_it_was_run_and_says_that_it_was_not(warm):
    block = Block(warm, 2)
    expect(block.panel).to_have_count(0)
    block.code.hover()
    block.code.get_by_role("button", name="Edit").click()
    expect(block.editor).to_be_focused()
    left = block.button("Run").bounding_box()
    warm.keyboard.type("# changed\n")
    expect(block.status).to_have_text("Changed, not run yet")
    expect(block.button("Reset")).to_be_visible()
    after, reset = block.button("Run").bounding_box(), block.button("Reset").bounding_box()
    assert left and after and reset
    assert after["x"] == left["x"] > reset["x"], "no other button comes to where Run was"
    block.button("Run").click()
    expect(block.status).to_have_text(re.compile("The same as in the book"), timeout=PATIENCE)
    block.button("Reset").click()


def test_tab_indents_in_the_editor(block):
    block.write("")
    block.editor.press("Tab")
    assert block.editor.input_value() == "    "


def test_the_output_is_no_live_region_and_the_status_is_one(block):
    block.run()
    assert block.panel.locator("[role=status], [aria-live]").count() == 1
    expect(block.panel.get_by_role("region", name="The output of your run of block 1")).to_be_visible()


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_moves_while_a_page_loads(open_tab, hosts, screen):
    page = open_tab(viewport={"width": screen[0], "height": screen[1]})
    page.add_init_script(NOTE_SHIFTS)
    page.goto(hosts["in a folder"] + CHAPTER)
    until_quiet(page)
    page.wait_for_timeout(300)
    shifts = page.evaluate("shifts")
    # Letters of the formulas' font, which may come after the text, are a little narrower than those that stood for them.
    assert sum(shift["by"] for shift in shifts) < 0.01, shifts
    assert not [node for shift in shifts for node in shift["nodes"] if "md-header" in node], shifts
    page.context.close()


# ---- exercises


def first_exercise(page: Page) -> Block:
    box = page.locator(".admonition.example .run-code").first
    place = box.evaluate("button => [...document.querySelectorAll('.run-code')].indexOf(button)")
    assert place > 0
    return Block(page, place)


@pytest.fixture
def exercise(open_tab, hosts) -> Iterator[Block]:
    """For a reader who has written nothing yet."""
    page = open_tab()
    page.goto(hosts["in a folder"] + CHAPTER)
    yield first_exercise(page)
    page.context.close()


def solved(block: Block, best: str) -> str:
    code = block.code.locator("code").first.text_content() or ""  # the book's, which may be hidden
    return code.replace("limit = 1.0", "limit = 0.2").replace("best = 0.1", f"best = {best}")


def test_an_exercise_says_whether_it_is_right_and_shows_the_solution_beside_the_readers(warm):
    exercise = first_exercise(warm)
    exercise.run()
    expect(exercise.status).to_have_text("As in the book, and not right yet: change the code")
    assert exercise.run(solved(exercise, "0.1")) == "limit True\nbest False\n"
    expect(exercise.status).to_have_text(re.compile("^Not yet"))
    assert exercise.panel.locator(".run-line.differs").all_inner_texts() == ["best False"]
    exercise.run(solved(exercise, "2 / 12"))
    expect(exercise.status).to_have_text(re.compile("^Right"))
    exercise.button("Compare with the solution").click()
    comparison = exercise.panel.get_by_role("region", name="Your code and the solution, line by line")
    expect(comparison).to_be_focused()
    assert comparison.locator("pre .removed").all_inner_texts() == ["− best = 2 / 12"]
    assert comparison.locator("pre .added").all_inner_texts() == ["+ best = 1 / 6"]
    assert len(comparison.locator("pre").inner_text().splitlines()) <= 6, "only what differs, and the lines beside it"
    exercise.button("Hide the comparison").click()
    expect(comparison).to_have_count(0)
    exercise.button("Reset").click()


def test_when_the_starter_has_changed_both_are_offered(exercise):
    page = exercise.page
    exercise.write(solved(exercise, "0.125"))
    page.evaluate("""() => {
      const all = __md_get("written")
      for (const entry of Object.values(all)) entry.hash += 1
      __md_set("written", all)
    }""")
    page.reload()
    expect(exercise.editor).to_have_count(0)
    expect(exercise.status).to_have_text("You wrote an answer here; the book’s starter has changed since.")
    exercise.button("Take yours").click()
    expect(exercise.editor).to_have_value(re.compile("best = 0.125"))


def test_without_storage_it_works_and_forgets(open_tab, hosts):
    page = open_tab()
    page.add_init_script(
        "Storage.prototype.setItem = Storage.prototype.getItem = () => { throw new DOMException('denied', 'SecurityError') }"
    )
    page.goto(hosts["in a folder"] + CHAPTER)
    block = Block(page)
    assert block.run("print(6 * 7)") == "42\n"
    page.context.close()


# ---- safety: the reader's code computes, and reaches nothing

REACHING = {
    "another host": "await js.fetch('https://example.org/')",
    "a request of its own": "js.XMLHttpRequest.new()",
    "a socket": "js.WebSocket.new('wss://example.org/')",
    "a database": "js.indexedDB.open('found')",
    "the caches": "await js.caches.keys()",
    "files": "await js.navigator.storage.getDirectory()",
    "storage": "js.localStorage.getItem('x')",
    "the page": "js.document.title",
    "another worker": "js.Worker.new('data:text/javascript,')",
    "other tabs": "js.BroadcastChannel.new('x')",
    "JavaScript's eval": "js.eval('1')",
    "a new function": "js.Function.new('return 1')()",
}


@pytest.mark.parametrize("what", REACHING)
def test_the_readers_code_reaches_nothing_outside(block, trouble, what):
    code = REACHING[what]
    body = f"    {code.removeprefix('await ')}\n"
    printed = block.run(
        f"import js\n\ntry:\n{body}    print('reached')\nexcept BaseException as error:\n    print('refused')\n"
    )
    assert printed == "refused\n"
    trouble.clear()  # the policy's refusals are written to the console


def test_a_worker_without_what_was_taken_away_is_still_held_by_the_pages_policy(chapter, trouble):
    """The second lock: the same worker, from the same blob, asked to reach out before anything is taken away."""
    found = chapter.evaluate("""() => new Promise(resolve => {
      const script = `addEventListener("securitypolicyviolation", event => postMessage(event.effectiveDirective)); fetch("https://example.org/").catch(() => setTimeout(() => postMessage("no policy"), 1000))`
      const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" })
      worker.onmessage = ({ data }) => resolve(data)
    })""")
    assert found == "connect-src"
    trouble.clear()


# ---- for everybody


def test_axe_finds_nothing_on_a_block_that_was_run_one_that_broke_a_comparison_and_one_that_runs(block):
    within = ".language-python.highlight:has(.run-editor), .run-panel"
    block.run()
    other = Block(block.page, 1)
    other.run("print(1 / 0)")
    exercise = first_exercise(block.page)
    exercise.run(solved(exercise, "0.1"))
    exercise.button("Compare with the solution").click()
    assert violations(block.page, within=within) == []
    for changed in (exercise, other):
        changed.button("Reset").click()
    block.write("while True:\n    pass")
    block.editor.press("Control+Enter")
    expect(block.status).to_have_text("Running")
    assert violations(block.page, within=".run-panel") == []


# ---- every block of the book

PARTS = 8


def blocks_of_the_book() -> list[tuple[str, Fence, str]]:
    """Each block once, with its file and its output: in both languages it is the same, but for comments."""
    found: dict[str, tuple[str, Fence, str]] = {}
    for page in read_book():
        for block in page.python:
            if output := page.output_of(block):
                found.setdefault(meaning(block.body), (page.file, block, output.body))
    return list(found.values())


# The page's own queue is given them all at once; how a block shows what it prints is tested above.
RUN_ALL = """async ([python, codes]) => {
  const { run } = await import(python)
  return Promise.all(codes.map(code => new Promise(done => {
    let printed = ""
    const nothing = () => {}
    const print = text => { printed += text }
    run({ code, print, load: nothing, wait: nothing, begin: nothing, end: () => done(printed), rest: done })
    setTimeout(() => done("nothing, in five minutes"), 300_000) // nothing else would end the wait
  })))
}"""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_block_prints_in_the_browser_what_stands_on_the_page(warm, hosts, part):
    blocks = blocks_of_the_book()[part::PARTS]
    printed = warm.evaluate(
        RUN_ALL, [f"{hosts['in a folder']}javascripts/python.js", [block.body for _, block, _ in blocks]]
    )
    wrong = [
        f"{file}:{block.line}: the browser prints\n{found}\ninstead of\n{expected}"
        for (file, block, expected), found in zip(blocks, printed, strict=True)
        if found != expected
    ]
    assert not wrong, "\n".join(wrong)


def test_what_was_written_into_an_exercise_stays_until_it_is_forgotten(warm, hosts):
    """The last, since a page that is loaded anew has no Python yet."""
    page, exercise = warm, first_exercise(warm)
    exercise.run(solved(exercise, "1 / 6"))
    page.reload()
    expect(exercise.status).to_have_text("Yours, kept in this browser · right")
    exercise.write(solved(exercise, "0.125"))
    page.reload()
    expect(exercise.editor).to_have_value(re.compile("best = 0.125"))
    expect(exercise.status).to_have_text("Yours, kept in this browser")
    page.goto(hosts["in a folder"] + CHAPTER.removeprefix("en/"))
    expect(page.locator(".admonition.example .run-editor")).to_have_value(re.compile("best = 0.125"))
    page.goto(hosts["in a folder"] + "en/how-to-use/")
    page.get_by_role("button", name="Forget the code I wrote").click()
    page.goto(hosts["in a folder"] + CHAPTER)
    expect(exercise.editor).to_have_count(0)
