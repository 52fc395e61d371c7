"""A chapter on paper, printed from the browser."""

from io import BytesIO

from pypdf import PdfReader


def test_a_printed_chapter_says_on_every_sheet_what_it_is_and_which(open_tab, hosts):
    tab = open_tab(color_scheme="dark")
    tab.goto(hosts["in a folder"] + "en/neural-networks/loss-functions/")
    texts = [page.extract_text() for page in PdfReader(BytesIO(tab.pdf())).pages]
    assert "Loss functions" in texts[0] and "Neural Networks and Transformers" not in texts[0]
    for number, text in enumerate(texts[1:], 2):
        lines = [line.strip() for line in text.split("\n")]
        assert any("Neural Networks and Transformers from Scratch" in line for line in lines)
        assert any("5 · Loss functions" in line for line in lines) and str(number) in lines
    # On a dark system, too, paper is white.
    tab.emulate_media(media="print")
    look = "style => [getComputedStyle(document.documentElement).colorScheme, getComputedStyle(document.body).backgroundColor]"
    assert tab.evaluate(look) == ["light only", "rgb(255, 255, 255)"]
    tab.context.close()


def test_an_output_is_printed_on_the_sheet_of_its_code(open_tab, hosts):
    """The first words of a sheet are never those of an output, which would have been parted from its code."""
    tab = open_tab()
    tab.goto(hosts["in a folder"] + "en/neural-networks/loss-functions/")
    outputs = [
        text.split("\n")[0].strip() for text in tab.locator(".language-python + .language-text code").all_inner_texts()
    ]
    sheets = [page.extract_text() for page in PdfReader(BytesIO(tab.pdf())).pages]
    tab.context.close()
    assert len(outputs) > 5
    for sheet in sheets[1:]:
        begins = [line.strip() for line in sheet.split("\n")[:4]]
        assert not set(begins) & set(outputs), begins
