"""python -m tests.book.external_links: asks every address outside the book whether it is still there.

It needs the internet, and other people's servers: a weekly workflow runs it, no test.
"""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.book.page import Page, Problem, read_book

GONE = {404, 410, 451}  # others, such as 403, are how some servers greet programs


def status(address: str) -> int | str:
    """The answer's number, or why there was none."""
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (link check of a textbook)"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError) as error:
        return str(error)


def problems(pages: list[Page], ask: Callable[[str], int | str] = status) -> list[Problem]:
    links = [(page.file, link) for page in pages for link in page.links if link.target.startswith("https://")]
    addresses = sorted({link.target for _, link in links})
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(addresses, pool.map(ask, addresses), strict=True))
    return [
        Problem(file, link.line, f"{link.target} answers {answer}; link to where it is now, or take the link out")
        for file, link in links
        if (answer := answers[link.target]) in GONE or isinstance(answer, str)
    ]


if __name__ == "__main__":
    found = problems(read_book())
    print("\n".join(map(str, found)) or "All links lead somewhere.")
    sys.exit(bool(found))
