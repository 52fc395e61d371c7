"""python compile_library.py LIBRARY TO MODULE…: Python's library for the browser, with some of its modules as bytecode.

What every run imports would else be compiled anew on each page, which is about a third of a reader's wait. Bytecode is
of one version of Python, so the build (docs/hooks/run.py) starts this with a Python of the engine's. It needs no package.
"""

import py_compile
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory


def compile_library(library: Path, to: Path, modules: set[str]) -> None:
    inside = f"/lib/python{sys.version_info.major}{sys.version_info.minor}.zip"  # where the engine keeps it; tracebacks say so
    with zipfile.ZipFile(library) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            module = member.filename.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            contents = source.read(member)
            if member.filename.endswith(".py") and module in modules:
                contents = bytecode(contents, f"{inside}/{member.filename}")
                member.filename += "c"
            target.writestr(member, contents, zipfile.ZIP_DEFLATED)


def bytecode(source: bytes, name: str) -> bytes:
    with TemporaryDirectory() as folder:
        file, compiled = Path(folder, "module.py"), Path(folder, "module.pyc")
        file.write_bytes(source)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH  # its source isn't there to be compared
        py_compile.compile(str(file), str(compiled), name, doraise=True, invalidation_mode=mode)
        return compiled.read_bytes()


if __name__ == "__main__":
    compile_library(Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:]))
