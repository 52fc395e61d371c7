"""python docs/figures LANGUAGE MODULE.FUNCTION …: draw figures, and print them as JSON from name to SVG."""

import importlib
import json
import sys

sys.path.append(sys.path.pop(0))  # this folder last, so that a chapter called `numbers` can't hide Python's own

from drawing import Drawing  # noqa: E402

language, *names = sys.argv[1:]


def say(zh: str, en: str) -> str:
    """The text in the language of the page."""
    return {"zh": zh, "en": en}[language]


sys.stdout.reconfigure(encoding="utf8")
drawn = {}
for name in names:
    module, _, function = name.partition(".")
    try:
        panels = getattr(importlib.import_module(module), function)(say)
    except Exception:
        print(name, end="")  # which of them can't be drawn; the reason follows on stderr
        raise
    drawn[name] = "".join(panel.svg() for panel in ([panels] if isinstance(panels, Drawing) else panels))
json.dump(drawn, sys.stdout)
