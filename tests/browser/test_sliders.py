"""Sliders move their figures: by mouse, finger and keyboard, in one step, and with one request, made at the first touch."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from docs.hooks.figures import draw
from tests.browser.conftest import laid_out, wait_until

BOWL = "en/neural-networks/gradient-descent/"
NEURON = "neural-networks/neurons-and-layers/"
SHOWN = "figure => figure.querySelector('[role=img]').innerHTML"


@pytest.fixture
def asked(tab: Page) -> Iterator[list[str]]:
    """The files with frames that the page has asked for."""
    found: list[str] = []

    def note(request) -> None:
        if "/figures/" in request.url:
            found.append(request.url)

    tab.on("request", note)
    yield found
    tab.remove_listener("request", note)


def frames(page: Page, name: str, language: str) -> list[str]:
    """The frames as the browser writes them."""
    drawn = draw({name}, language)[name]["frames"]
    return page.evaluate(
        "drawn => drawn.map(svg => { const box = document.createElement('div'); box.innerHTML = svg; return box.innerHTML })",
        drawn,
    )


def figure_with_sliders(page: Page):
    """The last one of the page: on BOWL a figure with two sliders comes before it."""
    return page.locator("figure.drawing", has=page.locator(".sliders")).last


def test_nothing_is_asked_for_until_the_first_touch_and_then_once(tab, hosts, asked):
    tab.goto(hosts["in a folder"] + BOWL)
    figure = figure_with_sliders(tab)
    slider = figure.get_by_role("slider")
    plain = figure.evaluate(SHOWN)
    expect(slider).to_be_visible()
    assert asked == []
    slider.focus()
    expected = frames(tab, "gradient_descent.descent", "en")
    tab.keyboard.press("End")
    wait_until(
        tab,
        "plain => [...document.querySelectorAll('figure:has(.sliders) [role=img]')].at(-1).innerHTML !== plain",
        plain,
    )
    assert figure.evaluate(SHOWN) == expected[-1]
    tab.keyboard.press("Home")
    assert figure.evaluate(SHOWN) == expected[0]
    assert len(asked) == 1


def test_a_key_moves_one_position_in_the_same_instant_and_the_value_is_spoken(tab, hosts):
    tab.goto(hosts["in a folder"] + BOWL)
    figure = figure_with_sliders(tab)
    slider = figure.get_by_role("slider", name="learning rate")
    expected = frames(tab, "gradient_descent.descent", "en")
    with tab.expect_response("**/figures/*.json"):
        slider.focus()
    start = int(slider.input_value())
    for step in (1, 2, 3):
        tab.keyboard.press("ArrowRight")
        assert figure.evaluate(SHOWN) == expected[start + step]
        assert slider.get_attribute("aria-valuetext") == f"{0.02 * (start + step + 1):.2f}".rstrip("0")
        assert slider.locator("xpath=..").locator(".value").inner_text() == slider.get_attribute("aria-valuetext")
    # What is shown when the event has been handled: there is nothing left to wait for.
    at_once = slider.evaluate("""input => {
      input.value = 0
      input.dispatchEvent(new Event("input", { bubbles: true }))
      return input.closest("figure").querySelector("[role=img]").innerHTML
    }""")
    assert at_once == expected[0]


def test_a_mouse_drags_it(tab, hosts):
    tab.goto(hosts["in a folder"] + BOWL)
    figure = figure_with_sliders(tab)
    slider = figure.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    expected = frames(tab, "gradient_descent.descent", "en")
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    with tab.expect_response("**/figures/*.json"):
        tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=5)
    tab.mouse.up()
    assert slider.input_value() == "32" and figure.evaluate(SHOWN) == expected[32]


def test_a_finger_moves_both_sliders_of_a_pair(open_tab, hosts):
    phone = open_tab(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.goto(hosts["in a folder"] + NEURON)
    laid_out(phone)
    figure = figure_with_sliders(phone)
    weight, bias = figure.get_by_role("slider").all()
    expected = frames(phone, "neurons_and_layers.one_input", "zh")
    for slider, part in ((weight, 0.99), (bias, 0.01)):
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box["height"] >= 24
        phone.touchscreen.tap(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
    assert (weight.input_value(), bias.input_value()) == ("8", "0")
    expect(figure.locator("div > svg")).to_contain_text("z = 4 · x − 4")
    assert figure.evaluate(SHOWN) == expected[8 * 9 + 0], "row by row: a row for each weight"
    phone.context.close()


def test_where_the_frames_cannot_be_had_the_slider_goes_back_and_the_next_touch_asks_again(tab, hosts, trouble):
    tab.goto(hosts["in a folder"] + BOWL)
    figure = figure_with_sliders(tab)
    slider = figure.get_by_role("slider")
    plain, start = figure.evaluate(SHOWN), slider.input_value()
    tab.route("**/figures/*.json", lambda route: route.abort())
    slider.focus()
    tab.keyboard.press("End")
    expect(slider).to_have_value(start)
    assert figure.evaluate(SHOWN) == plain
    tab.unroute("**/figures/*.json")
    with tab.expect_response("**/figures/*.json"):
        tab.keyboard.press("ArrowRight")
    expect(slider).to_have_value(str(int(start) + 1))
    trouble.clear()  # the browser complains about the request that was cut


def test_on_paper_and_without_javascript_there_is_the_plain_figure(open_tab, hosts):
    tab = open_tab()
    tab.goto(hosts["in a folder"] + BOWL)
    figure = figure_with_sliders(tab)
    slider = figure.get_by_role("slider")
    plain = figure.evaluate(SHOWN)
    with tab.expect_response("**/figures/*.json"):
        slider.focus()
    tab.keyboard.press("End")
    assert figure.evaluate(SHOWN) != plain
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    expect(slider).to_be_hidden()
    assert figure.evaluate(SHOWN) == plain
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert figure.evaluate(SHOWN) != plain
    tab.context.close()
    still = open_tab(java_script_enabled=False)
    still.goto(hosts["in a folder"] + BOWL)
    expect(figure_with_sliders(still).locator(".sliders")).to_be_hidden()
    expect(figure_with_sliders(still).locator("div > svg")).to_be_visible()
    still.context.close()


def test_frames_in_the_page_need_no_request(tab, hosts, asked):
    """As in the offline edition: the script finds them where insert_figures puts them."""
    tab.goto(hosts["in a folder"] + BOWL)
    drawn = json.dumps(draw({"gradient_descent.descent"}, "en")["gradient_descent.descent"]["frames"])
    script = tab.locator("script[src*='sliders.js']").get_attribute("src")
    tab.evaluate(
        """async ([drawn, script]) => {
      const old = [...document.querySelectorAll(".sliders")].at(-1), box = old.cloneNode(true)
      delete box.dataset.frames
      box.hidden = true
      box.insertAdjacentHTML("beforeend", `<script type="application/json">${drawn}</` + "script>")
      old.replaceWith(box)
      const again = document.createElement("script")
      again.src = script
      await new Promise(loaded => { again.onload = loaded; document.body.append(again) })
    }""",
        [drawn, script],
    )
    slider = figure_with_sliders(tab).get_by_role("slider")
    slider.focus()
    tab.keyboard.press("Home")
    expected = frames(tab, "gradient_descent.descent", "en")
    wait_until(
        tab,
        "first => [...document.querySelectorAll('figure:has(.sliders) [role=img]')].at(-1).innerHTML === first",
        expected[0],
    )
    assert asked == []
