"""Search: a Chinese query keeps its last word.

Material's search worker cuts a query into the longest words that are in the index. Both of its loops end one character too
early (in 9.8.2): a word that reaches to the query's end is never found, so that 神经元 looks for 神经.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

CUT_SHORT = {
    "for(let o=s+1;o<t.length;o++)t.slice(s,o)in e": "for(let o=s+1;o<=t.length;o++)t.slice(s,o)in e",
    "n[a]&&a<t.length-1&&": "n[a]&&",
}


def with_last_word(worker: str) -> str:
    """The script of the search `worker`, whose loops reach the end of a query. One that is written otherwise stays as it is."""
    for short, whole in CUT_SHORT.items():
        worker = worker.replace(short, whole)
    return worker


def on_post_build(config: MkDocsConfig) -> None:
    for path in Path(config.site_dir).glob("assets/javascripts/workers/search.*.min.js"):
        path.write_text(with_last_word(path.read_text("utf8")), "utf8")
