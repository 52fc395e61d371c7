"""The offline edition: the site as files that open without a server, where OFFLINE is set (`python -m docs.editions` does).

Pages are then files rather than folders, so that every link names one. A browser lets such a page start no worker and read no
file: so the search's worker comes with the page, as text, its index as a script (that is Material's `offline` plugin), and the
font of the formulas in the styles. What only a server can use is left out.
"""

import base64
import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority

WORKER = "javascripts/search-worker.js"
SCRIPT = """// The search's worker, as text: a browser starts none from a file.
{
  const address = URL.createObjectURL(new Blob([%s], { type: "text/javascript" }))
  const Worker = window.Worker
  window.Worker = function (asked, ...options) {
    return new Worker(String(asked).includes("/workers/search.") ? address : asked, ...options)
  }
}
"""
FONT = "../fonts/stix-two-math.woff2"
FOR_SERVERS = ("404.html", "robots.txt", "sitemap.xml", "sitemap.xml.gz", "search/search_index.json")


def on_config(config: MkDocsConfig) -> None:
    if not config.use_directory_urls:
        # In the place of the script that Material's plugin has the page fetch from elsewhere.
        config.extra["polyfills"] = ["../" * (config.theme["language"] == "en") + WORKER]


@event_priority(-200)  # after Material's plugin, and all that others do to the search
def on_post_build(config: MkDocsConfig) -> None:
    if config.use_directory_urls:
        return
    site = Path(config.site_dir)
    for name in FOR_SERVERS:
        (site / name).unlink(missing_ok=True)
    if config.theme["language"] == "en":
        return  # the Chinese site, built last, has the theme's files for both
    (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.min.js")
    (site / WORKER).write_text(SCRIPT % json.dumps(worker.read_text("utf8")), "utf8")
    styles = site / "stylesheets" / "book.css"
    font = base64.b64encode((styles.parent / FONT).read_bytes()).decode()
    styles.write_text(styles.read_text("utf8").replace(FONT, f"data:font/woff2;base64,{font}"), "utf8")
