"""Says so where Python is too old: its pip would try MkDocs after MkDocs for minutes.

The project itself stands in pyproject.toml.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    here = ".".join(map(str, sys.version_info[:3]))
    sys.exit("This book needs Python 3.11 or newer; this is Python " + here + ".")

from setuptools import setup

setup()
