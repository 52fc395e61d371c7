"""Formulas are laid out by the browser, in the font that comes with the book."""

import re

from tests.browser.conftest import ask, in_one_language


def test_each_formula_is_laid_out_and_its_tex_is_hidden(page):
    formulas = ask(
        page,
        """() => [...document.querySelectorAll(".formula")].map(formula => {
      const { width, height } = formula.querySelector("math").getBoundingClientRect()
      const annotation = formula.querySelector("annotation")
      return { width, height, seen: formula.innerText, tex: annotation.textContent, annotated: annotation.checkVisibility() }
    })""",
    )
    for formula in formulas:
        assert formula["width"] > 1 and formula["height"] > 5, f"{formula['tex']} has no size"
        assert not formula["annotated"] and not re.search(r"\$|\\", formula["seen"]), f"{formula['tex']} shows as TeX"
    assert page.locator(".md-content math:not(.formula math), .md-content .arithmatex").count() == 0


def test_no_tex_is_left_in_the_text(page):
    text = page.locator(".md-content").evaluate("""content => {
      const copy = content.cloneNode(true)
      copy.querySelectorAll("pre, code, .formula, script, style, svg").forEach(element => element.remove())
      return copy.textContent
    }""")
    assert not re.search(r"\$\S|\\[a-zA-Z(\[]", text), "TeX that was not taken for a formula"


@in_one_language
def test_a_fraction_is_taller_than_a_letter(page):
    letter = max(
        page.locator("math mi").evaluate_all("letters => letters.map(letter => letter.getBoundingClientRect().height)"),
        default=0,
    )
    for height in page.locator(".formula > math mfrac").evaluate_all(
        "fractions => fractions.map(fraction => fraction.getBoundingClientRect().height)"
    ):
        assert height > letter * 1.2 > 0


@in_one_language
def test_every_sign_is_in_the_book_s_own_font(page):
    if page.locator("math").count() == 0:
        return
    assert page.evaluate(
        "[...document.fonts].filter(font => font.family.includes('STIX Two Math')).map(font => font.status)"
    ) == ["loaded"]
    # The browser is asked once for all that are written alike: the same sign, in the same size and style, in the same place.
    page.evaluate("""() => {
      const seen = new Set()
      for (const sign of document.querySelectorAll("math :is(mi, mn, mo, mtext)")) {
        const { fontFamily, fontSize, fontStyle, fontWeight, mathStyle } = getComputedStyle(sign)
        const kind = [sign.textContent, sign.parentElement.tagName, fontFamily, fontSize, fontStyle, fontWeight, mathStyle].join("|")
        if (!seen.has(kind)) sign.dataset.oneOfItsKind = seen.add(kind).size
      }
    }""")
    inspector = page.context.new_cdp_session(page)
    inspector.send("DOM.enable")
    inspector.send("CSS.enable")
    root = inspector.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    nodes = inspector.send("DOM.querySelectorAll", {"nodeId": root, "selector": "[data-one-of-its-kind]"})["nodeIds"]
    assert nodes
    borrowed = []
    for node in nodes:
        for font in inspector.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            if not font["isCustomFont"] or font["familyName"] != "STIX Two Math":
                borrowed.append(
                    f"{inspector.send('DOM.getOuterHTML', {'nodeId': node})['outerHTML']} is in {font['familyName']}"
                )
    inspector.detach()
    assert borrowed == []
