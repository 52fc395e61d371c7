"""Two languages from one command: the Chinese site builds the English one into its folder en/, and each page knows its twin.

A large book is built in two processes at the same time, one for each language.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

from click import ClickException
from jinja2 import Environment, FileSystemBytecodeCache, pass_context
from jinja2.runtime import Context
from mkdocs.__main__ import State
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ENGLISH = Path(__file__).parents[1] / "mkdocs.en.yml"
# The theme's files, and what Run needs: the English pages use the Chinese site's, so that a browser keeps one copy of each.
SHARED = ("assets/", "fonts/", "images/", "javascripts/", "run/", "stylesheets/")
GO = b"go"
SMALL = 20  # pages, which one process has built by the time that a second one has started

_command: list[Literal["build", "gh-deploy", "serve"]] = []
_begun: list[subprocess.Popen[bytes]] = []


def on_startup(command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
    _command[:] = [command]


def twin_link(url: str, language: str) -> str:
    """From the page `url` of the site in `language` to the same page in the other one, as a relative link."""
    to_root = "../" * url.count("/")
    return f"{to_root}../{url}" if language == "en" else f"{to_root}en/{url}"


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    context["twin_link"] = twin_link(page.url, config.theme["language"])
    if config.theme["language"] == "en":  # what the reader chose, such as the palette, holds for both sites
        config.extra["scope"] = f"{context['base_url']}/.."
    if page.canonical_url:  # search engines want whole addresses, which are known where SITE_URL is set
        context["twin_url"] = urljoin(page.canonical_url, context["twin_link"])
    return context


def on_template_context(context: dict[str, Any], template_name: str, config: MkDocsConfig) -> dict[str, Any]:
    """For 404.html, which is shown at any address: the path of the Chinese cover."""
    path = context["base_url"].rstrip("/")
    context["root"] = (path.removesuffix("/en") if config.theme["language"] == "en" else path) + "/"
    return context


def on_files(files: Files, config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        for file in [file for file in files if file.src_uri.startswith(SHARED)]:
            files.remove(file)


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    env.bytecode_cache = FileSystemBytecodeCache()  # for this site's twin, and for the next build
    if config.theme["language"] == "en":
        url = env.filters["url"]

        @pass_context
        def shared(context: Context, path: str) -> str:
            return url(context, f"../{path}" if path.startswith(SHARED) else path)

        env.filters["url"] = shared


def _settings(chinese: MkDocsConfig) -> dict[str, Any]:
    """Those of the English site that depend on how the Chinese one is built."""
    return {
        "site_dir": str(Path(chinese.site_dir) / "en"),
        "site_url": chinese.site_url and chinese.site_url.rstrip("/") + "/en/",
        "strict": chinese.strict,
    }


def build_english(
    command: Literal["build", "gh-deploy", "serve"],
    settings: dict[str, Any],
    may_begin: Callable[[], bool] = lambda: True,
) -> None:
    english = load_config(str(ENGLISH), **settings)
    if not may_begin():
        return
    english.plugins.on_startup(command=command, dirty=False)
    build(english)
    english.plugins.on_shutdown()


def on_config(config: MkDocsConfig) -> None:
    """The English site's process may start, and then waits until what both need has been fetched and drawn."""
    if config.theme["language"] == "zh" and len(list(Path(config.docs_dir).rglob("*.md"))) > SMALL:
        given = json.dumps([logging.getLogger("mkdocs").level, _command[0], _settings(config)])
        _begun.append(subprocess.Popen([sys.executable, "-P", __file__, given], stdin=subprocess.PIPE))


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:
    """Now it has been."""
    for process in _begun:
        assert process.stdin
        with suppress(OSError):  # it has ended, with an error, as on_post_build will say
            process.stdin.write(GO)
            process.stdin.close()


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        return
    if not _begun:
        build_english(_command[0], _settings(config))
    elif _begun.pop().wait():
        raise Abort("Aborted, since the English site doesn't build: see above")


def on_build_error(error: Exception) -> None:
    for process in _begun:
        process.kill()
        process.wait()
    _begun.clear()


def _may_begin() -> bool:
    return sys.stdin.buffer.read() == GO


if __name__ == "__main__":
    level, command, settings = json.loads(sys.argv[1])
    told = State(level=level)  # as MkDocs tells
    try:
        build_english(command, settings, _may_begin)
    except ClickException as error:
        error.show()
        sys.exit(1)
