"""A mistake in the package's source, planted for one test."""

import inspect
import textwrap

import pytest


@pytest.fixture
def plant(monkeypatch):
    """plant(owner, function, old, new): the function of that class or module has `new` in the place of `old`."""

    def planted(owner, function, old, new):
        right = getattr(owner, function)
        source = textwrap.dedent(inspect.getsource(right))
        if source.count(old) != 1:
            pytest.fail(
                f"{owner.__name__}.{function} has {old!r} {source.count(old)} times, not once: the mistake must be planted elsewhere now"
            )
        wrong = {}
        exec(source.replace(old, new), right.__globals__, wrong)
        monkeypatch.setattr(owner, function, wrong[right.__name__])

    return planted
