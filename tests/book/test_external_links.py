import pytest

from tests.book import external_links
from tests.book.page import Page

PAGE = Page("docs/en/x.md", "# X { #x }\n\n[a](https://a.example), [b](y.md), [c](https://c.example)\n")


@pytest.mark.parametrize(
    ("answer", "gone"), [(200, False), (403, False), (404, True), (410, True), ("timed out", True)]
)
def test_a_link_that_leads_nowhere_is_named(answer, gone, names):
    found = external_links.problems([PAGE], {"https://a.example": 200, "https://c.example": answer}.__getitem__)
    assert len(found) == gone
    if gone:
        names(found, "docs/en/x.md:3", ["https://c.example", str(answer), "take the link out"])
