"""Without Lighthouse itself: what is made of a report, and how it serves the site."""

import gzip
import threading
import urllib.request
from functools import partial
from http.server import ThreadingHTTPServer

import pytest

from tests.browser import lighthouse
from tests.browser.conftest import addresses


def report(**scores: float) -> dict:
    """As Lighthouse writes it: an audit for each category, which has its score, and one that doesn't count."""
    scores = dict.fromkeys(lighthouse.FLOORS, 1.0) | scores
    return {
        "categories": {
            name: {"score": score, "auditRefs": [{"id": f"{name}-audit", "weight": 3}, {"id": "by-hand", "weight": 0}]}
            for name, score in scores.items()
        },
        "audits": {"by-hand": {"score": None, "scoreDisplayMode": "manual"}}
        | {f"{name}-audit": {"score": score, "scoreDisplayMode": "binary"} for name, score in scores.items()},
    }


def test_the_kinds_are_pages_of_the_book():
    assert len(lighthouse.KINDS) == 6
    assert set(lighthouse.KINDS.values()) <= {*addresses("zh"), *addresses("en")}


@pytest.mark.parametrize(
    ("lower", "row"),
    [
        ({}, "| cover | phone | 100 | 100 | 100 | 100 |  |"),
        ({"performance": 0.9}, "| cover | phone | 90 | 100 | 100 | 100 |  |"),
        ({"performance": 0.89}, "| cover | phone | 89 ✗ | 100 | 100 | 100 |  |"),
        ({"accessibility": 0.99}, "| cover | phone | 100 | 99 ✗ | 100 | 100 | accessibility-audit |"),
        ({"seo": 0}, "| cover | phone | 100 | 100 | 100 | 0 ✗ | seo-audit |"),
    ],
)
def test_a_score_that_is_too_low_is_marked_with_what_has_cost_it(lower, row):
    found = [lighthouse.scores("cover", "phone", report(**lower))]
    assert lighthouse.table(found).splitlines()[2:] == [row]
    assert lighthouse.too_low(found) == ("✗" in row)


def test_texts_are_served_compressed_and_fonts_as_they_are(tmp_path):
    (tmp_path / "index.html").write_text("汉字" * 999, "utf8")
    (tmp_path / "font.woff2").write_bytes(b"font")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(lighthouse.Compressed, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    page, font = (urllib.request.urlopen(here + path) for path in ("/", "/font.woff2"))
    assert gzip.decompress(page.read()).decode() == "汉字" * 999
    assert (page.headers["Content-Encoding"], page.headers["Content-Type"]) == ("gzip", "text/html; charset=utf-8")
    assert (font.read(), font.headers["Content-Encoding"], font.headers["Content-Type"]) == (
        b"font",
        None,
        "font/woff2",
    )
    server.shutdown()
    server.server_close()
