"""python -m tests.book.confirm PAGE#SECTION …: shows a section in both languages, and records that they say the same.

A person reads both, section by section: that is the whole point, so each is named, and nothing stands for all of them.
With --waiting first, it records that somebody who speaks the other language has still to do so.
"""

import sys
from pathlib import Path

from tests.book.freshness import MARK, digests, marked, read_agreement, sections, waiting, write_agreement
from tests.book.page import LANGUAGES, ROOT


def main(names: list[str], root: Path = ROOT) -> int:
    mark = names[:1] == ["--waiting"]
    names = names[mark:]
    waits, book, agreement = [*waiting(root), *marked(root)], sections(root), read_agreement(root)
    refused = [name for name in names if name not in waits]
    if refused or not names:
        for name in refused:
            print(f"{name} doesn't wait to be confirmed", file=sys.stderr)
        print(
            "\n".join(["Name one or more of the sections that wait:", *waits] if waits else ["No section waits."]),
            file=sys.stderr,
        )
        return 2
    for name in names:
        texts = book.get(name, {})
        if len(texts) == 1:
            print(
                f"{name} stands in {next(iter(texts.values()))[0]} only: write the other language first. Nothing was recorded.",
                file=sys.stderr,
            )
            return 2
    for name in names:
        texts = book.get(name, {})
        for language in LANGUAGES:
            file, line, text = texts.get(language, (f"{name}, {language}", 0, "(gone from the book)"))
            print(f"──── {file}:{line}\n{text}\n")
        if texts:
            agreement[name] = digests(texts) + [MARK] * mark
        else:
            del agreement[name]
    write_agreement(agreement, root)
    print(f"Recorded: {', '.join(names)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
