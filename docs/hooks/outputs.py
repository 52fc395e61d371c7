"""Outputs: the comment that ties a block to its output, in the source, becomes the blank line that Markdown needs between two fences."""

import re

COMMENT = re.compile(r"^[ \t]*<!--pytest-codeblocks:expected-output-->[ \t]*$", re.MULTILINE)


def on_page_markdown(markdown: str, page, config, files) -> str:
    return COMMENT.sub("", markdown)
