"""Outputs: they stand right under their code, tied to it by a comment, where Markdown wants blank lines between blocks."""

import re

CLOSING_FENCE = re.compile(
    r"^([ \t]*```)[ \t]*\n(?:[ \t]*<!--pytest-codeblocks:expected-output-->[ \t]*\n)?", re.MULTILINE
)


def on_page_markdown(markdown: str, page, config, files) -> str:
    return CLOSING_FENCE.sub(r"\1\n\n", markdown)  # every opening fence names a language, so a bare one closes
