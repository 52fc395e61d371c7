"""Play: a model goes on with what the reader begins, and a network reads what they draw; all of it computed by scratchml."""

import importlib.util
import json
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from scratchml import digit_from_strokes, digits, pretrained
from tests.browser.axe import violations
from tests.browser.conftest import until_quiet
from tests.browser.test_run import _engine  # noqa: F401
from tests.conftest import ROOT

COVER, CHAPTER = "en/", "en/neural-networks/machine-learning/"
PATIENCE = 60_000
HANDS = json.loads((ROOT / "tests" / "package" / "drawings.json").read_text("utf8"))["hands"]
# The seed that a run takes, which a test may choose.
SEEDED = "window.seed = 0; crypto.getRandomValues = array => { array[0] = window.seed; return array }"


def natively(capsys, name: str, text: str, seed: int, **settings) -> list[dict]:
    """What play.py says outside of a browser."""
    spec = importlib.util.spec_from_file_location("play", ROOT / "docs" / "theme" / "python" / "play.py")
    assert spec and spec.loader
    play = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(play)
    play.write(name, text, **{"temperature": 0.8, "top_k": None, "most": 99, "seed": seed} | settings)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def reach(page: Page, address: str) -> Locator:
    """The play of a page, once a reader has scrolled to it."""
    page.goto(address)
    play = page.locator("figure.play")
    play.scroll_into_view_if_needed()
    expect(play.locator(".run-bar")).to_be_attached()
    return play


@pytest.fixture(scope="module")
def reader(open_tab) -> Iterator[Callable[[str], Locator]]:
    """Opens the play of a page for a reader who hasn't used Python there yet; it loads as slowly as on a first visit."""
    tabs = []

    def reader(address: str) -> Locator:
        tabs.append(open_tab(reduced_motion="reduce"))
        tabs[-1].add_init_script(SEEDED)
        return reach(tabs[-1], address)

    yield reader
    for tab in tabs:
        tab.context.close()


@pytest.fixture(scope="module")
def cover(reader, hosts) -> Locator:
    return reader(hosts["in a folder"] + COVER)


@pytest.fixture
def writing(cover) -> Locator:
    """The cover's play as it is found, but for what was written before."""
    cover.page.evaluate("window.seed = 0")
    cover.get_by_role("slider", name="Temperature").fill("8")
    cover.get_by_role("slider", name="Top-k").fill("21")
    cover.get_by_role("combobox", name="Model").select_option(label="names")  # and its beginning is cleared
    said(cover)
    return cover


@pytest.fixture(scope="module")
def chapter(reader, hosts) -> Locator:
    return reader(hosts["in a folder"] + CHAPTER)


@pytest.fixture
def drawing(chapter) -> Locator:
    chapter.get_by_role("button", name="Clear").click()
    return chapter


def said(play: Locator) -> Locator:
    """What it says when it has come to rest."""
    expect(play.get_by_role("button", name="Stop")).to_be_hidden(timeout=PATIENCE)
    return play.get_by_role("status")


def bars(play: Locator) -> list[tuple[str, str]]:
    return [
        (row.locator(".play-name").inner_text(), row.locator(".play-share").inner_text())
        for row in play.locator(".play-chart").get_by_role("listitem").all()
    ]


def test_nothing_of_python_is_asked_for_until_it_is_used(open_tab, hosts):
    page = open_tab()
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(hosts["in a folder"] + COVER)
    until_quiet(page)
    assert not [address for address in asked if "/run/" in address]
    page.context.close()


def test_a_wish_to_write_is_remembered_while_python_is_loaded(cover):
    cover.get_by_role("textbox").fill("ma")
    cover.get_by_role("button", name="Write", exact=True).click()  # at once
    expect(said(cover)).to_have_text(re.compile("^Written: ma.+"), timeout=PATIENCE)
    assert violations(cover.page, within=".play") == []


def test_an_idiom_goes_on_with_the_tokens_that_it_has_natively(writing, capsys):
    writing.get_by_role("combobox", name="Model").select_option(label="Chinese idioms")
    said(writing)
    for seed, begun in [(1, ""), (2, "画"), (3, "一心")]:
        writing.page.evaluate("seed => window.seed = seed", seed)
        writing.get_by_role("textbox").fill(begun)
        said(writing)
        writing.get_by_role("button", name="Write", exact=True).click()
        tokens = [line["token"] for line in natively(capsys, "idioms", begun, seed)]
        assert tokens[-1] == "\n" and len(tokens) >= 2
        expect(said(writing)).to_have_text(f"Written: {begun}{''.join(tokens[:-1])}")


def test_one_token_at_a_time_with_the_distribution_that_it_was_drawn_from(writing, capsys):
    writing.get_by_role("textbox").fill("chr")
    said(writing)
    expected = natively(capsys, "names", "chr", 0, most=1)
    writing.get_by_role("button", name="One token").click()
    expect(said(writing)).to_have_text(f"So far: chr{expected[0]['token']}")
    expect(writing.locator(".play-written strong")).to_have_text(expected[0]["token"])
    shown = expected[-1]["distribution"]
    assert [name for name, _ in bars(writing)] == [token.replace("\n", "end") for token, _ in shown]
    writing.get_by_role("button", name="One token").click()
    expect(said(writing)).to_have_text(re.compile(rf"(So far|Written): chr{expected[0]['token']}"))


def test_the_sliders_change_the_distribution(writing):
    writing.get_by_role("textbox").fill("a")
    said(writing)
    before = bars(writing)
    assert len(before) == 8
    writing.get_by_role("slider", name="Top-k").fill("3")
    said(writing)
    assert len(bars(writing)) == 3
    slider = writing.get_by_role("slider", name="Temperature")
    slider.fill("0")
    said(writing)
    assert bars(writing) == [(before[0][0], "100%")]
    expect(slider).to_have_attribute("aria-valuetext", "0.0")


@pytest.mark.parametrize(
    ("begun", "says"),
    [("龙", "The model has never seen 龙."), ("a" * 40, re.compile(r"A beginning has at most \d+ characters\."))],
)
def test_what_the_model_cannot_take_is_said(writing, begun, says):
    writing.get_by_role("textbox").fill(begun)
    expect(said(writing)).to_have_text(says)
    assert bars(writing) == []
    writing.get_by_role("button", name="Clear").click()
    expect(writing.get_by_role("textbox")).to_be_focused()
    said(writing)
    assert len(bars(writing)) == 8


def test_what_was_written_before_stands_there_with_its_temperature(writing):
    for temperature in ("2", "20"):
        writing.get_by_role("slider", name="Temperature").fill(temperature)
        writing.get_by_role("button", name="Write", exact=True).click()
        expect(said(writing)).to_have_text(re.compile("^(Written|No room left)"), timeout=PATIENCE)
    rows = writing.get_by_role("list", name="Written before").get_by_role("listitem").all_inner_texts()
    assert [row.split("temperature ")[1] for row in rows[:2]] == ["2.0", "0.2"]


def test_where_there_is_no_room_left_it_says_so_and_begins_anew(writing):
    writing.get_by_role("combobox", name="Model").select_option(label="Chinese idioms")
    writing.get_by_role("slider", name="Temperature").fill("20")
    for seed in range(30):
        writing.page.evaluate("seed => window.seed = seed", seed)
        writing.get_by_role("button", name="Write", exact=True).click()
        expect(said(writing)).to_have_text(re.compile("^(Written|No room left)"), timeout=PATIENCE)
        if "No room left" in writing.get_by_role("status").inner_text():
            break
    else:
        raise AssertionError("thirty wild idioms, and each ended by itself")
    writing.get_by_role("slider", name="Temperature").fill("2")
    writing.get_by_role("button", name="Write", exact=True).click()
    expect(said(writing)).to_have_text(re.compile("^Written: .{4}$"), timeout=PATIENCE)


def test_enter_goes_on_and_a_finished_word_is_begun_anew(writing):
    field = writing.get_by_role("textbox")
    field.fill("ma")
    said(writing)
    field.press("Enter")
    expect(said(writing)).to_have_text(re.compile("^Written: ma"))
    writing.page.evaluate("window.seed = 7")
    field.press("Enter")
    expect(said(writing)).to_have_text(re.compile("^Written: ma"))


def draw(play: Locator, strokes: list) -> None:
    sheet = play.get_by_role("img", name="Draw a digit")
    sheet.scroll_into_view_if_needed()
    box, mouse = sheet.bounding_box(), play.page.mouse
    assert box
    for stroke in strokes:
        places = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in stroke]
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place)
        mouse.up()


def read_natively(drawings: list) -> np.ndarray:
    return pretrained("digits")(np.array([digit_from_strokes(strokes) for strokes in drawings])).argmax(axis=1)


def test_of_thirty_drawings_by_three_hands_at_least_four_fifths_are_read_right_as_stands_beside_the_sheet():
    right = int((read_natively([strokes for hand in HANDS for strokes in hand]) == np.tile(np.arange(10), 3)).sum())
    assert right >= 24
    for page in ("neural-networks/machine-learning.md", "labs/digits.py"):
        assert f"it reads {right} right" in (ROOT / "docs" / "en" / page).read_text("utf8")
        assert f"它认对 {right} 个" in (ROOT / "docs" / "zh" / page).read_text("utf8")


def test_what_is_drawn_on_the_sheet_is_read_as_natively(drawing):
    drawings = [HANDS[digit % 3][digit] for digit in range(10)]
    for strokes, seen in zip(drawings, read_natively(drawings), strict=True):
        drawing.get_by_role("button", name="Clear").click()
        draw(drawing, strokes)
        expect(said(drawing)).to_have_text(re.compile(rf"The network sees a {seen}, with a probability of [<>\d]+%"))


def test_a_drawing_is_shown_as_the_image_that_is_read_beside_the_nearest_ones(drawing):
    draw(drawing, HANDS[0][5])
    said(drawing)
    assert violations(drawing.page, within=".play") == []
    assert len(bars(drawing)) == 10
    image = drawing.get_by_role("img", name="The 8 × 8 image that the network reads")
    grays = image.locator("rect").evaluate_all("rects => rects.map(rect => +rect.getAttribute('fill-opacity'))")
    assert len(grays) == 64
    data = digits()
    nearest = np.argsort(((data.train_images - grays) ** 2).sum(axis=1), kind="stable")[:3]
    labels = [one.get_attribute("aria-label") for one in drawing.locator(".play-nearest svg").all()]
    assert labels == [f"label {data.train_labels[i]}" for i in nearest]
    drawing.get_by_role("button", name="Clear").click()
    assert bars(drawing) == []


def test_who_cannot_draw_takes_a_test_image(drawing):
    button = drawing.get_by_role("button", name="Take a test image")
    button.focus()
    drawing.page.keyboard.press("Enter")
    label = digits().test_labels[0]
    expect(said(drawing)).to_have_text(re.compile(rf"The network sees a {label}, .*; the label is {label}"))


def test_a_finger_draws_and_does_not_move_the_page_and_the_chinese_page_speaks_chinese(open_tab, hosts):
    phone = open_tab(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    play = reach(phone, hosts["at the root"] + CHAPTER.removeprefix("en/"))
    sheet = phone.locator(".play-sheet")
    assert sheet.evaluate("sheet => getComputedStyle(sheet).touchAction") == "none"
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box
    phone.touchscreen.tap(box["x"] + 50, box["y"] + 50)
    expect(play.get_by_role("status")).to_have_text(re.compile("网络看到的是 [0-9]，概率"), timeout=PATIENCE)
    phone.get_by_role("button", name="运行", exact=True).first.tap()
    panel = phone.locator(".run-panel")
    expect(panel.get_by_role("status")).to_have_text(re.compile(r"与书上的输出一致 · [\d.]+ 秒"), timeout=PATIENCE)
    expect(panel.get_by_role("button", name="编辑")).to_be_visible()
    phone.context.close()


def test_without_javascript_the_place_says_what_it_takes(open_tab, hosts):
    page = open_tab(java_script_enabled=False)
    page.goto(hosts["in a folder"] + CHAPTER)
    expect(page.locator("figure.play p").first).to_contain_text("It takes JavaScript")
    page.context.close()
