"""python -m docs.editions [--to FOLDER]: the offline edition, as a folder and a zip, and in each language the book as a PDF,
its exercises as another, and a third with the exercises and their solutions.

It takes the extra `editions`, a Chromium or Chrome, and for the Chinese PDF a Chinese font, such as Noto's.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mkdocs.config import load_config
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from docs.editions.chromium import FLAGS, chromium
from docs.editions.paper import SHEET_TITLES, Book, chapters, print_pages, sheets
from docs.hooks.editions import OFFLINE, PDF, SHEETS

ROOT = Path(__file__).parents[2]


def make_offline(project: Path, archive: Path) -> Path:
    """The offline edition of the book in `project`, as a folder and, beside it, an `archive` of that folder."""
    folder = archive.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=project,
        # Its pages have other addresses than those on the site.
        env={**os.environ, "OFFLINE": "true", "SITE_URL": "", "EDITIONS": "", "PYTHONPATH": str(project)},
        check=True,
    )
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


def books(project: Path, offline: Path) -> list[Book]:
    found = []
    for config, folder in [("mkdocs.yml", offline), ("docs/mkdocs.en.yml", offline / "en")]:
        said = load_config(str(project / config))
        language = said.theme["language"]
        found.append(Book(folder, language, said.site_name, said.site_description or "", said.site_url or ""))
    return found


def print_books(project: Path, offline: Path, to: Path) -> list[Path]:
    path = chromium()
    if not path:
        sys.exit("The book is printed by a Chromium or Chrome, and there is none on this machine.")
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        tab = browser.new_page()

        def write(name: str, book: Book, pages: list[tuple[str, str, str]], *, solutions_last: bool) -> None:
            with tqdm(total=len(pages) + 2 + solutions_last, unit="section", desc=name) as bar:

                def told(title: str) -> None:
                    bar.set_postfix_str(title)
                    bar.update()

                made.append(to / name)
                made[-1].write_bytes(print_pages(tab, book, pages, told, solutions_last=solutions_last))

        for book in books(project, offline):
            write(PDF[book.language], book, chapters(tab, book), solutions_last=True)
            for kind, name in SHEETS[book.language].items():
                bound = book._replace(title=SHEET_TITLES[book.language][kind], description=book.title)
                write(name, bound, sheets(tab, book, kind), solutions_last=False)
        browser.close()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.editions", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "editions", help="the folder that they come into")
    to = parser.parse_args().to.resolve()
    to.mkdir(parents=True, exist_ok=True)
    print("The offline edition: building the site, a minute or more the first time", flush=True)
    archive = make_offline(ROOT, to / OFFLINE)
    for path in [archive, *print_books(ROOT, archive.with_suffix(""), to)]:
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
