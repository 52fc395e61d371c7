"""The third promise where structure shows nothing: a sentence that one language has and the other hasn't.

agreement.json holds, for each section, the hashes of both texts at the last moment when a person confirmed that they say
the same. A section that has changed since waits for confirm.py. Who speaks one of the languages only marks it there as
waiting for the other: that passes the tests, and keeps the site from being published. `python -m tests.book.freshness`
lists what is marked.
"""

import hashlib
import json
import sys
from pathlib import Path

from tests.book.page import LANGUAGES, ROOT, Problem, read_book

LOCK = "tests/book/agreement.json"
MARK = "waiting"  # after the hashes of a section that only one language has in its new form
NAMES = {"zh": "Chinese", "en": "English"}

Texts = dict[str, tuple[str, int, str]]  # language → file, line, text of a section


def sections(root: Path = ROOT) -> dict[str, Texts]:
    """All sections of the book, named page#id, in the languages that have them."""
    found: dict[str, Texts] = {}
    for page in read_book(root):
        for id, (line, text) in page.sections.items():
            found.setdefault(f"{page.name}#{id}", {})[page.language] = (page.file, line, text)
    return found


def digests(texts: Texts) -> list[str]:
    """The hashes of a section in Chinese and in English; "" where a language hasn't got it."""
    return [
        hashlib.sha256(texts[language][2].encode()).hexdigest()[:16] if language in texts else ""
        for language in LANGUAGES
    ]


def read_agreement(root: Path = ROOT) -> dict[str, list[str]]:
    path = root / LOCK
    return json.loads(path.read_text("utf8")) if path.exists() else {}


def write_agreement(agreement: dict[str, list[str]], root: Path = ROOT) -> None:
    """One section a line, sorted, so that differences and merges can be read."""
    lines = [f"  {json.dumps(name)}: {json.dumps(agreement[name])}" for name in sorted(agreement)]
    (root / LOCK).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf8", newline="\n")


def waiting(root: Path = ROOT) -> dict[str, Problem]:
    """The sections that nobody has confirmed as they stand now."""
    agreement, book = read_agreement(root), sections(root)
    found = {}
    for name in [*book, *(name for name in agreement if name not in book)]:
        texts = book.get(name, {})
        known, now = agreement.get(name), digests(texts)
        if known and known[:2] == now:
            continue
        if not texts:
            where, what = (LOCK, 1), f"{name} is gone from the book"
        else:
            changed = [
                language for language, a, b in zip(LANGUAGES, (known or ["", ""])[:2], now, strict=True) if a != b
            ]
            where = next(
                (texts[language][:2] for language in changed if language in texts), next(iter(texts.values()))[:2]
            )
            if known is None:
                what = f"nobody has confirmed that both languages say the same in {name}"
            else:
                what = f"{name} has changed in {' and '.join(NAMES[language] for language in changed)} since both languages said the same"
        found[name] = Problem(*where, f"{what}; compare the two texts, then: python -m tests.book.confirm {name}")
    return found


def problems(root: Path = ROOT) -> list[Problem]:
    return list(waiting(root).values())


def marked(root: Path = ROOT) -> list[str]:
    """The sections that wait for somebody who speaks the other language."""
    return [name for name, entry in read_agreement(root).items() if MARK in entry]


def untranslated(root: Path = ROOT) -> list[str]:
    """What to say of them: the tests warn of it, and publishing stops."""
    return [
        f"{name} waits for the other language: translate it, then: python -m tests.book.confirm {name}"
        for name in marked(root)
    ]


if __name__ == "__main__":
    print("\n".join(untranslated()) or "Nothing waits for the other language.")
    sys.exit(bool(untranslated()))
