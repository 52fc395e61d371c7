"""Figures can be seen, read and heard, on every screen and in both palettes."""


def test_each_figure_can_be_seen_and_says_what_it_shows(page):
    figures = page.locator("figure.drawing").evaluate_all("""figures => figures.map(figure => ({
      names: [...figure.querySelectorAll("[role=img]")].map(picture => picture.getAttribute("aria-label")),
      sizes: [...figure.querySelectorAll("svg")].map(drawing => drawing.getBoundingClientRect()).map(box => [box.width, box.height]),
    }))""")
    for figure in figures:
        assert len(figure["names"]) == 1 and figure["names"][0].strip()
        assert figure["sizes"] and all(width > 50 and height > 20 for width, height in figure["sizes"]), figure


def test_it_follows_the_palette(page):
    look = "labels => labels.map(label => getComputedStyle(label).fill)"
    light = page.locator("figure.drawing svg text").evaluate_all(look)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    dark = page.locator("figure.drawing svg text").evaluate_all(look)
    page.evaluate("document.body.dataset.mdColorScheme = 'default'")
    assert all(a != b for a, b in zip(light, dark, strict=True)), "a label has the same color in both palettes"


LABELS = """labels => labels.map(label => {
  const svg = label.closest("svg")
  const [box, frame] = [label.getBoundingClientRect(), svg.getBoundingClientRect()]
  return {
    text: label.textContent,
    size: parseFloat(getComputedStyle(label).fontSize) * frame.width / svg.viewBox.baseVal.width,
    outside: Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom),
  }
})"""


def check_labels(page) -> None:
    for label in page.locator("figure.drawing svg text").evaluate_all(LABELS):
        assert label["size"] >= 11, f"{label['text']!r} is {label['size']:.1f} pixels large"
        assert label["outside"] <= 2, f"{label['text']!r} is cut off by {label['outside']:.1f} pixels"


def test_its_labels_are_large_enough_and_inside_the_drawing(page):
    check_labels(page)


def test_its_labels_are_large_enough_and_inside_the_drawing_on_a_phone(phone):
    check_labels(phone)
