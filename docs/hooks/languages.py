"""Two languages from one command: the Chinese site builds the English one into its folder en/, and each page knows its twin."""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ENGLISH = Path(__file__).parents[1] / "mkdocs.en.yml"
# The theme's files, and what Run needs: the English pages use the Chinese site's, so that a browser keeps one copy of each.
SHARED = ("assets/", "fonts/", "images/", "javascripts/", "run/", "stylesheets/")


_command: list[Literal["build", "gh-deploy", "serve"]] = []


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
    if config.theme["language"] == "en":
        url = env.filters["url"]

        @pass_context
        def shared(context: Context, path: str) -> str:
            return url(context, f"../{path}" if path.startswith(SHARED) else path)

        env.filters["url"] = shared


def on_post_build(config: MkDocsConfig) -> None:
    if config.theme["language"] == "en":
        return
    english = load_config(
        str(ENGLISH),
        site_dir=str(Path(config.site_dir) / "en"),
        site_url=config.site_url and config.site_url.rstrip("/") + "/en/",
        strict=config.strict,
    )
    english.plugins.on_startup(command=_command[0], dirty=False)
    build(english)
    english.plugins.on_shutdown()
