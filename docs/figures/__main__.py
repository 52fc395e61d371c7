"""python docs/figures MODULE.FUNCTION …: draw figures, and print them as JSON: language → name → SVG.

Both languages in one process, so that a module may keep what it has trained (functools.cache) for the second.
"""

import importlib
import json
import sys

sys.path.append(sys.path.pop(0))  # this folder last, so that a chapter called `numbers` can't hide Python's own

from drawing import Drawing

# The label in the language of the page.
SAY = {"zh": lambda zh, en: zh, "en": lambda zh, en: en}

drawn: dict[str, dict[str, str]] = {language: {} for language in SAY}
for name in sys.argv[1:]:
    module, _, function = name.partition(".")
    for language, say in SAY.items():
        try:
            panels = getattr(importlib.import_module(module), function)(say)
        except Exception:
            print(name, end="")  # which of them can't be drawn; the reason follows on stderr
            raise
        drawn[language][name] = "".join(panel.svg() for panel in ([panels] if isinstance(panels, Drawing) else panels))
json.dump(drawn, sys.stdout)
