"""Structured data: a program that reads a page learns which book it belongs to, in which language, and under which licence.

In the words of schema.org, as JSON-LD. Only on a site with an address, since each thing is named by its whole address.
"""

import html
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
AUTHOR = {"@type": "Organization", "name": "The contributors to scratchml"}
OTHER = {"zh": "en", "en": "zh"}


def describe(
    kind: str, address: str, twin: str, language: str, *, name: str, description: str, picture: str | None
) -> dict[str, Any]:
    """What is said of the book and of a page alike. Neither language is the original: each is a translation of the other."""
    return {
        "@context": "https://schema.org",
        "@type": kind,
        "@id": address,
        "url": address,
        "name": name,
        "description": description,
        "inLanguage": language,
        **({"image": picture} if picture else {}),
        "author": AUTHOR,
        "license": LICENSE,
        "isAccessibleForFree": True,
        "workTranslation": {"@type": kind, "@id": twin, "inLanguage": OTHER[language]},
    }


def of_page(context: dict[str, Any], page: Page, config: MkDocsConfig) -> dict[str, Any]:
    number = config.extra["chapters"].get(page.file.src_uri)
    data = describe(
        "Book" if page.is_homepage else "Chapter" if number is not None else "WebPage",
        page.canonical_url or "",
        context["twin_url"],
        config.theme["language"],
        name=config.site_name if page.is_homepage else context["subject"],
        description=html.unescape(page.meta["description"]),
        picture=context["picture"]["address"] if "picture" in context else None,
    )
    if page.is_homepage:
        return data | {"bookFormat": "https://schema.org/EBook"}
    book = {"@type": "Book", "@id": config.site_url, "name": config.site_name, "inLanguage": config.theme["language"]}
    return data | {"isPartOf": book} | ({} if number is None else {"position": number})


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:
    if page.canonical_url:
        context["structured_data"] = of_page(context, page, config)
    return context
