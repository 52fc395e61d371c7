"""A page says what it needs: scripts of its own site, and Python's machine code. Whatever else a browser would do is refused.

The worker in which the reader's code runs inherits this policy. Not under `mkdocs serve`, whose script for reloading is none
of the site's.
"""

import base64
import hashlib
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

CHARSET = '<meta charset="utf-8">'
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
)
_served: list[bool] = []


def with_policy(page: str) -> str:
    """The HTML of a page with its Content-Security-Policy, which lets run the scripts that it has now."""
    scripts = dict.fromkeys(INLINE_SCRIPT.findall(page))
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    policy = POLICY.format(hashes="".join(f" 'sha256-{sha256}'" for sha256 in sums))
    return page.replace(CHARSET, f'{CHARSET}<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def on_startup(command: str, dirty: bool) -> None:
    _served[:] = [command == "serve"]


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    return with_policy(output) if _wanted(config) else output


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    return with_policy(output_content) if template_name.endswith(".html") and _wanted(config) else output_content


def _wanted(config: MkDocsConfig) -> bool:
    return not any(_served) and config.use_directory_urls  # from a file system nothing is 'self'
