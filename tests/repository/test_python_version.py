"""A Python that is too old is told so at once."""

import ast
import re
import runpy
import sys
import tomllib
from types import SimpleNamespace

import pytest

from tests.conftest import ROOT

OLDEST = tuple(
    int(part)
    for part in re.findall(
        r"\d+", tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["requires-python"]
    )
)


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (*OLDEST[:-1], OLDEST[-1] - 1, 13)])
def test_a_python_that_is_too_old_is_told_what_it_takes(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as refused:
        runpy.run_path(str(ROOT / "setup.py"))
    oldest, found = (".".join(map(str, numbers)) for numbers in (OLDEST, version))
    assert refused.value.code == f"This book needs Python {oldest} or newer; this is Python {found}."


def test_the_oldest_python_that_the_book_promises_is_let_through(monkeypatch):
    begun = []
    monkeypatch.setattr(sys, "version_info", (*OLDEST, 0))
    monkeypatch.setitem(sys.modules, "setuptools", SimpleNamespace(setup=lambda: begun.append("setup")))
    runpy.run_path(str(ROOT / "setup.py"))
    assert begun == ["setup"]


def test_an_old_python_can_read_what_refuses_it():
    ast.parse((ROOT / "setup.py").read_text("ascii"), feature_version=(3, 4))  # without f-strings, too
    assert "f'" not in (ROOT / "setup.py").read_text("ascii") and 'f"' not in (ROOT / "setup.py").read_text("ascii")


def test_pip_gets_as_far_as_that_on_an_old_python():
    """A setuptools that needs a newer Python than the reader has would fail first, with a message of its own."""
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["build-system"]["requires"]
    oldest = ".".join(map(str, OLDEST))
    assert f"setuptools; python_version < '{oldest}'" in requires
    assert all("python_version" in requirement for requirement in requires)
