"""The browser on this machine: it prints the book, and the tests look at the site with it."""

import os
import shutil
from pathlib import Path

INSTALLED = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    *(
        f"{os.environ.get(folder, '')}/{path}"
        for folder in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")
        for path in (
            "Google/Chrome/Application/chrome.exe",
            "Chromium/Application/chrome.exe",
            "Microsoft/Edge/Application/msedge.exe",
        )
    ),
]
# Quiet, so that each request that is seen is one of the page's; and nothing but this machine can be reached.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium() -> str | None:
    """The Chromium, Chrome or Edge on this machine."""
    on_path = map(
        shutil.which,
        [
            "chromium-headless-shell",  # the same without a window, where there is one: half the work
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
            "chrome",
            "msedge",
            "microsoft-edge",
        ],
    )
    return next((path for path in [*on_path, *INSTALLED] if path and Path(path).is_file()), None)
