"""The terminal sessions of the book, run again."""

import pytest

from tests import mpi
from tests.book import sessions
from tests.book.page import Page, read_book

SESSIONS = [(page, session) for page in read_book() for session in sessions.sessions(page)]
SOUND = """# A page

```console
$ cat who.py
from scratchml import ProcessGroup
group = ProcessGroup()
total = group.sums(group.rank + 1)
if group.rank == 0:
    print("of", group.size, "sum", total)
$ python who.py
of 1 sum (1.0,)
$ mpiexec -n 2 python -m mpi4py who.py
of 2 sum (3.0,)
```
"""


@mpi.needed
@pytest.mark.parametrize(
    ("page", "session"), SESSIONS, ids=[f"{page.file}:{session.line}" for page, session in SESSIONS]
)
def test_a_session_prints_what_the_page_shows(page, session, tmp_path):
    assert sessions.problems(page, session, tmp_path) == []


@mpi.needed
@pytest.mark.parametrize(
    ("sound", "broken", "says"),
    [
        ("sum (3.0,)", "sum (3.0,)", ""),
        ("sum (3.0,)", "sum (4.0,)", "docs/en/x.md:13: the session shows 'of 2 sum (4.0,)', and the command prints"),
        (
            "rank + 1",
            "rank + 2",
            "docs/en/x.md:11: the session shows 'of 1 sum (1.0,)', and the command prints 'of 1 s",
        ),
        ("sum (3.0,)", "sum (3.0,)\nmore", "docs/en/x.md:14: the session shows 'more', and the command prints None"),
        ("\nof 2 sum (3.0,)", "", "docs/en/x.md:13: the session shows None, and the command prints 'of 2 sum"),
    ],
)
def test_a_session_that_prints_something_else_is_named(sound, broken, says, tmp_path):
    page = Page("docs/en/x.md", SOUND.replace(sound, broken))
    (session,) = sessions.sessions(page)
    found = sessions.problems(page, session, tmp_path)
    assert [str(problem)[: len(says)] for problem in found[:1]] == [says] * bool(says)
