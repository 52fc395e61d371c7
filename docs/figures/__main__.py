"""python docs/figures MODULE.FUNCTION …: draw figures, and print them as JSON: language → name → what is drawn.

That is the plain figure, and of one with sliders also what they are called, their values, the place of the first value,
and a frame for each setting. Both languages in one process, so that a module may keep what it has trained
(functools.cache) for the second.
"""

import importlib
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

sys.path.append(sys.path.pop(0))  # this folder last, so that a chapter called `numbers` can't hide Python's own

from drawing import Drawing, Say, number
from sliders import settings

# The label in the language of the page.
SAY: dict[str, Say] = {"zh": lambda zh, en: zh, "en": lambda zh, en: en.replace("'", "’")}


def draw(figure: Callable[..., Drawing | list[Drawing]], say: Say) -> dict[str, Any]:
    declared = getattr(figure, "sliders", {})
    defaults = inspect.signature(figure).parameters
    return {
        "svg": svg(figure(say)),
        "sliders": [
            {
                "label": say(slider.zh, slider.en),
                "values": [number(value) for value in slider.values],
                "start": slider.values.index(defaults[name].default),
            }
            for name, slider in declared.items()
        ],
        "frames": [svg(figure(say, **setting)) for setting in settings(figure)] if declared else [],
    }


def svg(drawn: Drawing | list[Drawing]) -> str:
    return "".join(panel.svg() for panel in ([drawn] if isinstance(drawn, Drawing) else drawn))


if __name__ == "__main__":
    figures: dict[str, dict[str, Any]] = {language: {} for language in SAY}
    for name in sys.argv[1:]:
        module, _, function = name.partition(".")
        for language, say in SAY.items():
            try:
                figures[language][name] = draw(getattr(importlib.import_module(module), function), say)
            except Exception:
                print(name, end="")  # which of them can't be drawn; the reason follows on stderr
                raise
    json.dump(figures, sys.stdout)
