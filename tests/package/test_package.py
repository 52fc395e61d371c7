import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatchcase
from itertools import dropwhile, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "scratchml"
ALLOWED_ANYWHERE = {"numpy"}
ALLOWED_IN = {"distributed": {"mpi4py"}}
NOT_FOR_READERS = {
    "SingleProcess": "what fit uses where no group is given",
}
CHAPTERS = [
    "foundations",
    "machine-learning",
    "neurons-and-layers",
    "activation-functions",
    "forward-propagation",
    "loss-functions",
    "gradient-descent",
    "backpropagation",
    "network-from-scratch",
    "vectorized-layers",
    "optimization",
    "training",
    "generalization",
    "debugging",
    "overview",
    "tokens",
    "language-models",
    "embeddings",
    "positional-encoding",
    "softmax-and-temperature",
    "attention",
    "masking",
    "multi-head-attention",
    "attention-gradients",
    "residual-connections",
    "layer-normalization",
    "transformer-block",
    "gpt",
    "training-a-gpt",
    "generation",
    "vision-transformer",
    "many-computers",
    "where-next",
]


def run(*command, cwd=ROOT, doing=""):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, env=environment)
    if finished.returncode:
        pytest.fail(f"{doing or ' '.join(map(str, command))}\n{finished.stdout}{finished.stderr}", pytrace=False)
    return finished.stdout


# The checks.


def modules(package: Path) -> dict[str, ast.Module]:
    """name → syntax tree, the root package's `__init__` under the name "__init__"."""
    paths = sorted(package.rglob("*.py"))
    return {
        ".".join(path.relative_to(package).with_suffix("").parts): ast.parse(path.read_text("utf-8"), str(path))
        for path in paths
    }


def imports(package: Path, module: str, tree: ast.Module) -> list[str]:
    """The full names of all modules that `module` imports, at its top or anywhere inside, relative ones resolved."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = [package.name, *module.split(".")][: -node.level] if node.level else []
            found.append(".".join([*home, *([node.module] if node.module else [])]))
    return found


def import_graph(package: Path) -> dict[str, list[str]]:
    """module → the modules of the package that it imports; "" is the package's root."""
    prefix = package.name + "."
    graph = {}
    for module, tree in modules(package).items():
        inside = {name + "." for name in imports(package, module, tree) if (name + ".").startswith(prefix)}
        graph[module] = sorted(name.removeprefix(prefix).rstrip(".") for name in inside)
    return graph


def import_problems(package: Path) -> list[str]:
    """Imports that go round in a circle, or from the root, which imports all the others."""
    graph = import_graph(package)
    del graph["__init__"]
    cure = "import from the module that defines the name"
    problems = [
        f"{module} imports the root of {package.name}: {cure}" for module, names in graph.items() if "" in names
    ]
    harmless: set[str] = set()

    def circle_from(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in harmless:
            return []
        for name in graph.get(module, []):
            if circle := circle_from(name, [*path, module]):
                return circle
        harmless.add(module)
        return []

    for module in graph:
        if circle := circle_from(module, []):
            return [*problems, f"imports go round: {' → '.join(circle)}"]
    return problems


def foreign_imports(package: Path) -> list[str]:
    """Imports of anything but numpy, the package itself and the standard library; and, in one module, mpi4py."""
    allowed = ALLOWED_ANYWHERE | sys.stdlib_module_names | {package.name}
    return [
        f"{module} imports {name}"
        for module, tree in modules(package).items()
        for name in imports(package, module, tree)
        if name.split(".")[0] not in allowed | ALLOWED_IN.get(module, set())
    ]


def public_definitions(package: Path) -> dict[str, str]:
    """public function or class of a public module → the module that defines it; programs, which lie deeper, have none."""
    return {
        node.name: module
        for module, tree in modules(package).items()
        if not module.startswith("_") and "." not in module
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }


def export_problems(package: Path) -> list[str]:
    """Whatever `__init__` does beside importing public names from the package's modules and listing them in `__all__`.

    In which order, ruff looks.
    """
    problems, imported, listed = [], {}, None
    for i, node in enumerate(modules(package)["__init__"].body):
        if i == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.ImportFrom) and not node.level and str(node.module).startswith(package.name + "."):
            imported |= {
                alias.asname or alias.name: str(node.module).removeprefix(package.name + ".") for alias in node.names
            }
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = ast.literal_eval(node.value)
        else:
            problems.append(f"__init__ only re-exports; line {node.lineno}: {ast.unparse(node).splitlines()[0]}")
    if listed is None:
        return [*problems, "__init__ has no __all__"]
    problems += [f"{name} is imported but not in __all__" for name in imported if name not in listed]
    problems += [f"{name} is in __all__ but not imported" for name in listed if name not in imported]
    public = public_definitions(package)
    problems += [
        f"{name} of {module} is public but not imported"
        for name, module in public.items()
        if imported.get(name) != module and name not in NOT_FOR_READERS
    ]
    if len(listed) > len(set(listed)):
        problems.append("__all__ names something twice")
    return problems


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """name → function, and class.name → method; of a property, the getter; not what is inside of functions."""
    found: dict[str, ast.FunctionDef] = {}
    for owner, body in [("", tree.body), *((f"{n.name}.", n.body) for n in tree.body if isinstance(n, ast.ClassDef))]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(owner + node.name, node)
    return found


SHOWN = {"_forward", "_backward", "_step", "softmax", "generate", "train_epoch"}
CHECKS_LATER = {
    "attention.scaled_dot_product_attention": "a mask has the shape of the scores",
    "optimizers.Optimizer.clip_gradients": "the length of the gradient may go beyond the range of numbers",
    "training.train_epoch": "the batches are looked at as they come",
}


def printed(docs: Path) -> set[str]:
    """The qualified names in the `py` fences of the book."""
    fence = re.compile(r"^[ \t]*```py[ \t]*\n\s*([\w.]+)", re.MULTILINE)
    return {name for path in docs.glob("*/**/*.md") for name in fence.findall(path.read_text("utf-8"))}


def names_of_checks(tree: ast.Module) -> set[str]:
    """The names by which a module knows `_checks`."""
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    aliases = [alias for node in imported for alias in node.names]
    return {alias.asname or alias.name for alias in aliases if alias.name.rpartition(".")[2] == "_checks"}


def calls_check(node: ast.AST | None, checks: set[str]) -> bool:
    """Whether this is a call of check.something."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[0] in checks


def belongs_to_the_start(node: ast.stmt, checks: set[str]) -> bool:
    """A check, alone or assigned, or behind an `if`; a function `check_…` that holds some; and what makes a Generator."""
    if isinstance(node, ast.If):
        return not node.orelse and all(belongs_to_the_start(inner, checks) for inner in node.body)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return calls_check(node.value, checks) or ast.unparse(node.value.func).startswith(("check_", "_check_"))
    if isinstance(node, ast.Assign):
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        is_check = all(calls_check(value, checks) for value in values)
        return is_check or ast.unparse(node) == "rng = np.random.default_rng(rng)"
    return False


def after_the_start(function: ast.FunctionDef, checks: set[str]) -> list[ast.stmt]:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return list(dropwhile(lambda node: belongs_to_the_start(node, checks), body))


def late_checks(package: Path, printed: set[str]) -> dict[str, list[str]]:
    """function → the checks in it that don't stand at its start, of the functions that the book shows."""
    late = {}
    for module, tree in modules(package).items():
        checks = names_of_checks(tree)
        for name, function in functions(tree).items():
            full = f"{package.name}.{module}.{name}"
            if name.rpartition(".")[2] in SHOWN or printed & {full, full.rpartition(".")[0]}:
                inner = [node for rest in after_the_start(function, checks) for node in ast.walk(rest)]
                if calls := [node for node in inner if calls_check(node, checks)]:
                    late[f"{module}.{name}"] = [f"line {n.lineno}: {ast.unparse(n.func)}" for n in calls]
    return late


def documented(tree: ast.Module) -> list[tuple[str, ast.AST]]:
    """A module, its classes, functions and methods, each with its name."""
    classes = [(node.name, node) for node in tree.body if isinstance(node, ast.ClassDef)]
    return [("", tree), *classes, *functions(tree).items()]


def undocumented(package: Path) -> list[str]:
    """Whatever is public and has no docstring, not even as a method of a base class."""
    trees = modules(package)
    bases = {
        node.name: [ast.unparse(base) for base in node.bases]
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    has_docstring = {
        name for tree in trees.values() for name, node in documented(tree) if name and ast.get_docstring(node)
    }

    def inherits(name: str) -> bool:
        owner, _, method = name.rpartition(".")
        parents = [f"{base}.{method}" for base in bases.get(owner, [])]
        return any(parent in has_docstring or inherits(parent) for parent in parents)

    def is_public(name: str) -> bool:
        return not any(part.startswith("_") for part in name.split("."))

    def is_overload(node: ast.AST) -> bool:  # the function that follows has the docstring
        return any(ast.unparse(decorator) == "overload" for decorator in getattr(node, "decorator_list", []))

    return [
        f"{module}.{name}".rstrip(".")
        for module, tree in trees.items()
        for name, node in documented(tree)
        if not ast.get_docstring(node) and (not name or is_public(f"{module}.{name}")) and not inherits(name)
        if not is_overload(node)
    ]


def chapter_problems(package: Path) -> list[str]:
    """The chapters that docstrings name and that the book doesn't have, or that are named by their number."""
    named = re.compile(r"\bchapter(?:\s+([\w-]+)|s\s+([\w-]+(?:(?:,|\s+and|\s+to)\s+[\w-]+)*))", re.IGNORECASE)
    return [
        f"{module}.{name}".rstrip(".") + f" names the chapter {slug}"
        for module, tree in modules(package).items()
        for name, node in documented(tree)
        for match in named.finditer(ast.get_docstring(node) or "")
        for slug in re.split(r",\s+|\s+and\s+|\s+to\s+", match[1] or match[2])
        if slug not in CHAPTERS
    ]


def reading_order(package: Path) -> list[tuple[str, list[str]]]:
    """The modules that the docstring of `__init__` lists, and each one's chapters."""
    row = re.compile(r"^(\w+) +\S.*?(?:  +([\w-]+(?:, [\w-]+)*))?$", re.MULTILINE)
    _, _, table = (ast.get_docstring(modules(package)["__init__"]) or "").split("\n\n")[:3]
    return [(module, chapters.split(", ") if chapters else []) for module, chapters in row.findall(table)]


def reading_order_problems(package: Path) -> list[str]:
    """Where that list lacks a public module, has another, or doesn't follow the book."""
    listed = reading_order(package)
    names = [module for module, _ in listed]
    public = [module for module in modules(package) if not module.startswith("_") and "." not in module]
    problems = [f"{module} is not in the list" for module in public if module not in names]
    problems += [f"{module} is in the list {names.count(module)} times" for module in public if names.count(module) > 1]
    problems += [f"{module} is in the list and no public module" for module in names if module not in public]
    chapters = [chapter for _, chapters in listed for chapter in chapters]
    problems += [f"{chapter} is no chapter" for chapter in chapters if chapter not in CHAPTERS]
    if not problems:
        first = [CHAPTERS.index(chapters[0]) for _, chapters in listed if chapters]
        later = [b for a, b in pairwise(first) if a > b]
        problems += [f"{CHAPTERS[i]} comes too late" for i in later]
    return problems


KNOWN_TO_MYPY = {
    "strict",
    "files",
    "overrides",
    "explicit_package_bases",
    "mypy_path",
    "warn_return_any",  # numpy types the result of its operators as Any
    "untyped_calls_exclude",
}


def mypy_problems(settings: dict, package: Path) -> list[str]:
    """Where mypy isn't strict with the package, by its settings or by comments."""
    names = [f"{package.name}.{module}".removesuffix(".__init__") for module in modules(package)]
    problems = [] if settings.get("strict") is True else ["strict must be true"]
    problems += [] if package.name in settings.get("files", []) else [f"{package.name} must be one of its files"]
    problems += [f"{name} may weaken it" for name in sorted(settings.keys() - KNOWN_TO_MYPY)]
    if any(name.split(".")[0] == package.name for name in settings.get("untyped_calls_exclude", [])):
        problems.append(f"untyped_calls_exclude is for {package.name}")
    for override in settings.get("overrides", []):
        patterns = override["module"] if isinstance(override["module"], list) else [override["module"]]
        for pattern in patterns:
            theirs = [name for name in names if fnmatchcase(name, pattern) or f"{name}.*" == pattern]
            problems += [f"an override for {pattern} is for {theirs[0]}, too"] if theirs else []
    for path in sorted(package.rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"#\s*(type:\s*ignore|mypy:)", line):
                problems.append(f"{path.name}, line {number}, silences it")
    return problems


# The checks see what they should.


def tree_of(tmp_path, files):
    package = tmp_path / "pack"
    for name, source in ({"__init__.py": ""} | files).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(source, "utf-8")
    return package


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.py": "from pack.b import x", "b.py": "from pack.a import y"}, "imports go round: a → b → a"),
        ({"a.py": "import pack.b", "b.py": "import pack.a"}, "imports go round: a → b → a"),
        ({"a.py": "from .b import x", "b.py": "from .a import y"}, "imports go round: a → b → a"),
        ({"a.py": "from pack.a import x"}, "imports go round: a → a"),
        (
            {"a.py": "import pack.b", "b.py": "import pack.c", "c.py": "import pack.a"},
            "imports go round: a → b → c → a",
        ),
        ({"a.py": "import pack.m", "m.py": "import pack.n", "n.py": "import pack.m"}, "imports go round: m → n → m"),
        (
            {"a.py": "import pack.b", "b.py": "def f():\n    from pack.a import y\n    return y"},
            "imports go round: a → b → a",
        ),
        (
            {"a.py": "import pack.b", "b.py": "if TYPE_CHECKING:\n    from pack.a import y"},
            "imports go round: a → b → a",
        ),
        (
            {"a.py": "try:\n    import numpy, pack.b\nfinally:\n    pass", "b.py": "import pack.a as p"},
            "imports go round: a → b → a",
        ),
        ({"a.py": "from pack.sub.b import x", "sub/b.py": "from ..a import y"}, "imports go round: a → sub.b → a"),
        ({"a.py": "from pack import x"}, "a imports the root of pack"),
        ({"a.py": "import pack"}, "a imports the root of pack"),
        ({"a.py": "from . import b", "b.py": ""}, "a imports the root of pack"),
        ({"a.py": "def f():\n    import pack"}, "a imports the root of pack"),
    ],
)
def test_the_import_check_names_what_is_wrong_with_a_broken_tree(tmp_path, files, says):
    problems = import_problems(tree_of(tmp_path, files))
    assert len(problems) == 1 and problems[0].startswith(says)


def test_the_import_check_lets_a_diamond_and_the_roots_own_imports_pass(tmp_path):
    files = {
        "__init__.py": "from pack.a import x\nfrom pack.d import y",
        "a.py": "from pack.b import x\nfrom pack.c import y\nimport package_of_another_name",
        "b.py": "from pack.d import x",
        "c.py": "from .d import x",
        "d.py": "import math",
    }
    package = tree_of(tmp_path, files)
    assert import_problems(package) == []
    assert import_graph(package) == {"__init__": ["a", "d"], "a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import scipy", "a imports scipy"),
        ("import os, scipy.special as s", "a imports scipy.special"),
        ("from matplotlib import pyplot", "a imports matplotlib"),
        ("def f():\n    from tqdm import tqdm", "a imports tqdm"),
        ("import numpy_extras", "a imports numpy_extras"),
        ("from mpi4py import MPI", "a imports mpi4py"),
        (
            "import math\nimport numpy.typing\nfrom collections.abc import Callable\nfrom .b import x\nfrom pack.b import x",
            None,
        ),
    ],
)
def test_the_dependency_check_names_the_foreign_import(tmp_path, source, says):
    assert foreign_imports(tree_of(tmp_path, {"a.py": source, "b.py": "x = 1"})) == ([says] if says else [])


@pytest.mark.parametrize(
    ("init", "says"),
    [
        ('from pack.a import f, g\n__all__ = ["f", "g"]', None),
        ('"""Docstring."""\nfrom pack.a import f, g\n__all__ = ["f", "g"]', None),
        ('from pack.a import f, g\n__all__ = ["f", "f", "g"]', "__all__ names something twice"),
        ('from pack.a import f, g\n__all__ = ["f"]', "g is imported but not in __all__"),
        ('from pack.a import f, g\n__all__ = ["f", "g", "h"]', "h is in __all__ but not imported"),
        ('from pack.a import f\n__all__ = ["f"]', "g of a is public but not imported"),
        ('from pack.b import f\nfrom pack.a import g\n__all__ = ["f", "g"]', "f of a is public but not imported"),
        ("from pack.a import f, g", "__init__ has no __all__"),
        (
            'from pack.a import f, g\n__all__ = ["f", "g"]\ndef h():\n    return 1',
            "__init__ only re-exports; line 3: def h():",
        ),
        (
            'from pack.a import f, g\nclass H:\n    pass\n__all__ = ["f", "g"]',
            "__init__ only re-exports; line 2: class H:",
        ),
        (
            'import numpy as np\nfrom pack.a import f, g\n__all__ = ["f", "g"]',
            "__init__ only re-exports; line 1: import numpy as np",
        ),
        ('from pack.a import f, g\nx = 1\n__all__ = ["f", "g"]', "__init__ only re-exports; line 2: x = 1"),
        (
            'from pack.a import f, g\n__all__ = ["f", "g"]\nif True:\n    f()',
            "__init__ only re-exports; line 3: if True:",
        ),
    ],
)
def test_the_export_check_names_what_is_wrong_with_an_init(tmp_path, init, says):
    problems = export_problems(
        tree_of(tmp_path, {"__init__.py": init, "a.py": "def f(): ...\nclass g: ...\ndef _hidden(): ..."})
    )
    assert len(problems) == (1 if says else 0)
    assert not says or problems[0].startswith(says)


@pytest.mark.parametrize("module", ["distributed.py", "sub/distributed.py"])
def test_mpi4py_may_be_imported_in_one_module(tmp_path, module):
    problems = foreign_imports(tree_of(tmp_path, {module: "def f():\n    from mpi4py import MPI\n    import scipy"}))
    assert (
        problems
        == {
            "distributed.py": ["distributed imports scipy"],
            "sub/distributed.py": ["sub.distributed imports mpi4py", "sub.distributed imports scipy"],
        }[module]
    )


CHECKED = """
import numpy as np
import pack._checks as check
from pack._checks import Array

class Layer:
    def __init__(self, size, rng):
        \"\"\"Documented.\"\"\"
        check.integers_from(1, size=size)
        rng = np.random.default_rng(rng)
        check.positive(size=size)
        self.size = size

    def _forward(self, x, y=None):
        x, y = check.floats(x), check.floats(y)
        if y is not None:
            check.finite(y)
        _check_both(x, y)
        outputs = x @ y

        return outputs

    def forward(self, x):
        outputs = self._forward(x)
        check.no_overflow(outputs)
        return outputs
"""


@pytest.mark.parametrize(
    ("right", "wrong", "function", "line"),
    [
        ("        outputs = x @ y\n", "        outputs = x @ y\n        check.finite(outputs)\n", "_forward", 20),
        ("        outputs = x @ y\n", "        outputs = check.floats(x) @ y\n", "_forward", 19),
        ("        _check_both(x, y)\n", "        x = x.copy()\n        check.finite(x)\n", "_forward", 19),
        ("        return outputs\n\n", "        return check.finite(outputs)\n\n", "_forward", 21),
        ("            check.finite(y)\n", "            y = y.T\n            check.finite(y)\n", "_forward", 18),
        ("        rng = np.random", "        r = np.random", "__init__", 11),
        ("        self.size = size\n", "        self.size = check.floats(size).size\n", "__init__", 12),
    ],
)
@pytest.mark.parametrize(
    "spelling",
    ["import pack._checks as check", "from pack import _checks as check", "from . import _checks as check"],
)
def test_the_check_of_checks_names_one_that_comes_late(tmp_path, right, wrong, function, line, spelling):
    source = CHECKED.replace("import pack._checks as check", spelling).replace(right, wrong)
    late = late_checks(tree_of(tmp_path, {"a.py": source}), printed={"pack.a.Layer.__init__"})
    assert list(late) == [f"a.Layer.{function}"]
    (found,) = late[f"a.Layer.{function}"]
    assert found.startswith(f"line {line}: check.")


@pytest.mark.parametrize(
    ("printed", "late"),
    [
        ([], {}),
        (["pack.a.Layer.__init__", "pack.a.Layer._forward"], {}),
        (["pack.a.Layer.forward"], {"a.Layer.forward": ["line 25: check.no_overflow"]}),
        (["pack.a.Layer"], {"a.Layer.forward": ["line 25: check.no_overflow"]}),
    ],
    ids=str,
)
def test_the_check_of_checks_looks_at_what_the_book_shows(tmp_path, printed, late):
    assert late_checks(tree_of(tmp_path, {"a.py": CHECKED}), set(printed)) == late


def test_the_names_that_the_book_prints_are_found(tmp_path):
    (tmp_path / "en" / "part").mkdir(parents=True)
    page = "Text\n\n```py\nscratchml.losses.f\n```\n\n1. item\n\n   ```py\n   scratchml.a.B.c\n   ```\n\n```python\nx\n```\n"
    (tmp_path / "en" / "part" / "page.md").write_text(page, "utf-8")
    assert printed(tmp_path) == {"scratchml.losses.f", "scratchml.a.B.c"}


DOCUMENTED = '''"""A module (chapter tokens)."""


def f():
    """A function (chapters attention, masking and
    multi-head-attention)."""


def _hidden(): ...


class Base:
    """A class (chapter gpt)."""

    def __init__(self): ...

    def method(self):
        """A method (chapters tokens to embeddings)."""

    @property
    def value(self):
        """Once is enough."""

    @value.setter
    def value(self, new): ...


class Derived(Base):
    """Another; of the chapter debugging."""

    def method(self): ...
'''


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('"""A module (chapter tokens)."""', "", "a"),
        ('"""A function (chapters attention, masking and\n    multi-head-attention)."""', "pass", "a.f"),
        ('"""A class (chapter gpt)."""', "", "a.Base"),
        ('"""A method (chapters tokens to embeddings)."""', "pass", ["a.Base.method", "a.Derived.method"]),
        ('"""Once is enough."""', "pass", "a.Base.value"),
        ("class Derived(Base):", "class Derived(Other):", "a.Derived.method"),
        ("    def method(self): ...", "    def other(self): ...", "a.Derived.other"),
        ("", "", []),
    ],
)
def test_the_docstring_check_names_what_has_none(tmp_path, right, wrong, says):
    source = DOCUMENTED.replace(right or "\0", wrong)
    package = tree_of(tmp_path, {"a.py": source, "_b.py": '"""Private."""\ndef f(): ...', "__init__.py": '"""Root."""'})
    assert undocumented(package) == ([says] if isinstance(says, str) else says)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("(chapter tokens)", "(chapter 15)", ["a names the chapter 15"]),
        ("(chapter tokens)", "(Chapter token)", ["a names the chapter token"]),
        ("masking and\n    multi", "masks and\n    multi", ["a.f names the chapter masks"]),
        (
            "attention, masking and\n    multi-head-",
            "3, 4 and\n    ",
            ["a.f names the chapter 3", "a.f names the chapter 4"],
        ),
        (
            "tokens to embeddings",
            "15 to embedding",
            [f"a.Base.method names the chapter {c}" for c in ("15", "embedding")],
        ),
        ("chapter debugging", "chapter\n    bugs", ["a.Derived names the chapter bugs"]),
        ("", "", []),
    ],
)
def test_the_docstring_check_names_chapters_that_are_none(tmp_path, right, wrong, says):
    source = DOCUMENTED.replace(right or "\0", wrong)
    assert chapter_problems(tree_of(tmp_path, {"a.py": source})) == says
    assert chapter_problems(tree_of(tmp_path / "private", {"_b.py": source})) == [
        f"_b{problem[1:]}" for problem in says
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("a   first      tokens\n", "", "a is not in the list"),
        ("a   first      tokens\n", "a   first      tokens\na   again      tokens\n", "a is in the list 2 times"),
        ("c   at last", "c   at last\nd   more      gpt", "d is in the list and no public module"),
        ("c   at last", "c   at last\n_e   private      gpt", "_e is in the list and no public module"),
        ("attention, gpt", "attention, gtp", "gtp is no chapter"),
        ("a   first      tokens", "a   first      masking", "attention comes too late"),
        ("", "", None),
    ],
)
def test_the_check_of_the_reading_order_names_what_is_wrong(tmp_path, right, wrong, says):
    table = (
        "Title.\n\nThe modules:\n\na   first      tokens\nb   and  second      attention, gpt\nc   at last\n\nAnd more."
    )
    init = f'"""{table.replace(right or chr(0), wrong)}\n"""'
    files = {"__init__.py": init, "a.py": "", "b.py": "", "c.py": "", "_e.py": "", "sub/program.py": ""}
    assert reading_order_problems(tree_of(tmp_path, files)) == ([says] if says else [])


STRICT = {"strict": True, "files": ["pack", "tests"], "overrides": [{"module": ["tests.*", "packs.*"]}]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"strict": False}, "strict must be true"),
        ({"files": ["tests"]}, "pack must be one of its files"),
        ({"exclude": "a"}, "exclude may weaken it"),
        ({"ignore_errors": True}, "ignore_errors may weaken it"),
        ({"disallow_untyped_defs": False}, "disallow_untyped_defs may weaken it"),
        ({"untyped_calls_exclude": ["pack.a"]}, "untyped_calls_exclude is for pack"),
        ({"overrides": [{"module": "pack.a"}]}, "an override for pack.a is for pack.a, too"),
        ({"overrides": [{"module": ["tests.*", "pack.*"]}]}, "an override for pack.* is for pack, too"),
        ({"overrides": [{"module": "*.b"}]}, "an override for *.b is for pack.sub.b, too"),
        ({"overrides": [{"module": "pack.a.*"}]}, "an override for pack.a.* is for pack.a, too"),
        ({"source": "x = f()  # type: ignore[no-untyped-call]"}, "a.py, line 1, silences it"),
        ({"source": "\n# mypy: ignore-errors\n"}, "a.py, line 2, silences it"),
        ({}, None),
    ],
    ids=str,
)
def test_the_check_of_mypy_names_what_weakens_it(tmp_path, changes, says):
    package = tree_of(tmp_path, {"a.py": changes.get("source", "# a type: any"), "sub/b.py": ""})
    settings = STRICT | {name: value for name, value in changes.items() if name != "source"}
    assert mypy_problems(settings, package) == ([says] if says else [])


# The package.


def test_imports_go_one_way():
    assert import_problems(PACKAGE) == []


def test_only_numpy_and_the_standard_library_are_imported_and_mpi4py_in_one_module():
    assert foreign_imports(PACKAGE) == []


def test_init_re_exports_everything_public_and_nothing_else():
    assert export_problems(PACKAGE) == []
    assert NOT_FOR_READERS.keys() <= public_definitions(PACKAGE).keys()


def test_where_the_book_prints_a_function_its_checks_stand_at_the_start():
    late = late_checks(PACKAGE, printed(ROOT / "docs"))
    assert {name: calls for name, calls in late.items() if name not in CHECKS_LATER} == {}
    assert CHECKS_LATER.keys() - late.keys() == set(), "these needn't be exceptions any more"


def test_whatever_is_public_has_a_docstring():
    assert undocumented(PACKAGE) == []


def test_docstrings_name_chapters_by_their_addresses():
    assert chapter_problems(PACKAGE) == []


def test_init_lists_the_modules_in_the_order_of_the_book():
    assert reading_order_problems(PACKAGE) == []


def test_every_name_in_all_can_be_imported():
    import scratchml

    assert scratchml.__all__
    for name in scratchml.__all__:
        assert getattr(scratchml, name).__module__.startswith("scratchml.")


def test_importing_is_silent_loads_numpy_only_and_leaves_randomness_alone():
    program = """
import random, sys
import numpy as np
states = str(np.random.get_state()), random.getstate()
loaded = {name.split(".")[0] for name in sys.modules}
import scratchml
assert (str(np.random.get_state()), random.getstate()) == states
print({name.split(".")[0] for name in sys.modules} - loaded - sys.stdlib_module_names)
"""
    assert run(sys.executable, "-W", "error", "-c", program) == "{'scratchml'}\n"


def test_mypy_is_strict_and_finds_nothing():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert mypy_problems(settings, PACKAGE) == []
    assert not any((ROOT / name).exists() for name in ("mypy.ini", ".mypy.ini")), "mypy would read that instead"
    run(sys.executable, "-m", "mypy", "scratchml")


RIGHT = """
from typing import Any
import numpy as np
from numpy.typing import NDArray
from scratchml import *

Array = NDArray[np.floating[Any]]

network = NeuralNetwork([2, 3, 1], output_activation="identity", initialization="he", rng=0)
network.train([[1.0, 2.0]], [[1.0]], epochs=1, learning_rate=0.1, shuffle=True)
print(softmax([1, 2], 0.5).round(4), digits(split="writers").test_labels.shape, cross_entropy([0], [[1, 2]]) + 1)
neuron = Neuron(2, activation="tanh", initialization=0.5)
print(neuron.forward([1, 2]), [slope.shape for slope in neuron.gradients([[1.0]])])
rng = np.random.default_rng(0)
model = Sequential(Linear(2, 8, rng=rng), ReLU(), Linear(8, 2, rng=0, initialization="xavier")).to(np.float32)
model = Sequential(model, Linear(2, 2, rng=0, initialization=0.1).to("float64"))
optimizer = Adam(model.parameters(), 0.01, weight_decay=0.1)
batches = MiniBatches(*spirals(100, num_arms=2, rng=rng), 16, rng=rng)
held_out = [(np.ones((2, 2)), np.array([0, 1]))]
history = fit(model, CrossEntropy(), optimizer, batches, epochs=2, validation=held_out, patience=1)
sgd = SGD(model.parameters(), 0.1, momentum=0.9)
fit(model, SquaredError(), sgd, batches, epochs=2, progress=list, schedule=lambda step: 0.1)
schedule = lambda step: warmup_cosine(step, peak=1, warmup_steps=1, total_steps=9)
fit(model, CrossEntropy(), optimizer, batches, epochs=1, schedule=schedule, group=ProcessGroup())
train_epoch(model, CrossEntropy(), optimizer, batches, lambda optimizer, rows: optimizer.clip_gradients(1.0))
print(history.training_loss[-1] + mean_loss(model, CrossEntropy(), batches), history.best_epoch + 1, len(batches))
model.load_state(model.state())
optimizer.zero_gradients()
model.backward_to_parameters(model.forward([[1, 2]]))
print(model([[1, 2]]).argmax(axis=1), [name.upper() for name in names() + idioms()], Parameter([1.0]).value.shape)

class Same(Module):
    def _forward(self, x: Array) -> tuple[Array, tuple[()]]:
        return x, ()

    def _backward(self, gradient: Array) -> Array:
        return gradient

class Absolute(Loss):
    def _forward(self, targets: Array, outputs: Array) -> tuple[float, tuple[Array]]:
        return float(np.abs(outputs - targets).mean()), (np.sign(outputs - targets),)

    def _backward(self, sign: Array) -> Array:
        return sign / sign.size

fit(Sequential(Same(), Linear(2, 1, rng=0)), Absolute(), optimizer, batches, epochs=1)
attention = MultiHeadAttention(8, 2, rng=0)
print(attention(np.ones((3, 8)), np.tri(3)), attention.W_q.gradient, attention.backward(np.ones((3, 8))))
gpt = GPT(GPTConfig(7, 6, 8, 2, 2, activation="relu", positions="sinusoidal"), rng=0)
gpt.backward(gpt([1, 2], cache=None))
print([token + 1 for token in generate(gpt, [1], 3, temperature=0, rng=0)])
save_checkpoint("gpt.npz", gpt, tokenizer=CharTokenizer("abcdefg"), optimizer=Adam(gpt.parameters()), rng=rng)
gpt, tokenizer = load_checkpoint("gpt.npz")
"""
WRONG = """
NeuralNetwork("2, 3, 1")
NeuralNetwork([2, 1], rng="seed")
NeuralNetwork([2, 1], weight_scale=0.1)
NeuralNetwork([2, 1], output_activation="softmax")
network.train([[1.0, 2.0]], [[1.0]], 1, 0.1, 32, True)
network.predict([[1, 2]]).rond()
Neuron(2).wieghts
Neuron(2, activation="rleu")
Neuron(2, initialization="kaiming")
cross_entropy([0], [[1, 2]]).shape
softmax([[1, 2]], axis=0)
digits().train_lables
digits(split="writer")
Linear(2, 1)
Linear(2, 1, rng=None)
Linear(2, 1, rng=0, dtype=np.float32)
Linear(2, 1, rng=0, initialization="kaiming")
Sequential(Linear(2, 1, rng=0), ReLU)
Sequential([Linear(2, 1, rng=0), ReLU()])
SGD(model, 0.1)
SGD(model.parameters(), 0.1, 0.9)
MiniBatches(np.ones((4, 2)), np.ones(4), 2)
fit(model, cross_entropy, optimizer, batches, epochs=2)
fit(model, CrossEntropy(), batches, optimizer, epochs=2)
fit(model, CrossEntropy(), optimizer, batches, 2)
fit(model, CrossEntropy(), optimizer, batches, epochs=2, schedule=0.1)
fit(model, CrossEntropy(), optimizer, batches, epochs=2, validation=(np.ones((2, 2)), np.ones(2)))
fit(network, CrossEntropy(), optimizer, batches, epochs=2)
history.validation_losses
CrossEntropy().backward(np.ones((1, 2)))
model.zero_gradients()
model.backward()
spirals(100)
names().most_frequent
MultiHeadAttention(8, 2).query
MultiHeadAttention(8)
FeedForward(8, activation="tanh", rng=0)
GPTConfig(7, 6, 8, 2, 2, positions="learnt")
GPTConfig(7, 6, 8, 2, 2, dtype="float16")
GPT(7, 6, 8, 2, 2, rng=0)
gpt.loss([1], [2])
gpt.backward()
generate(gpt, [1], 3)
generate(model, [1], 3, rng=0)
save_checkpoint("gpt.npz", model)
save_checkpoint("gpt.npz", gpt, rng=0)
tokenizer.encode("ab")
"""


def test_mypy_finds_a_readers_mistakes_and_only_those(tmp_path):
    (tmp_path / "reader.py").write_text(RIGHT + WRONG, "utf-8")
    command = [sys.executable, "-m", "mypy", tmp_path / "reader.py"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = (RIGHT + WRONG).splitlines()
    errors = {lines[int(number) - 1] for number in re.findall(r"reader\.py:(\d+): error", finished.stdout)}
    assert errors == set(WRONG.split("\n")) - {""}, finished.stdout + finished.stderr


# The wheel.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(PACKAGE, source / "scratchml", ignore=shutil.ignore_patterns("__pycache__"))
    for neighbor in ("docs", "tests", "benchmarks"):
        (source / neighbor).mkdir()
        (source / neighbor / "no_part_of_the_package.py").touch()
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", out, source]
    run(*command, doing="pip could not build the wheel (it needs a package index, for setuptools):")
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The Python of an environment into which nothing but the wheel was installed."""
    place = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [sys.executable, "-m", "pip", "--python", python, "install", wheel]
    run(*command, doing="pip could not install the wheel (it needs a package index, for numpy):")
    return python


def test_the_wheel_holds_the_package_with_its_data_and_notices_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    information = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/"
    package = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith(information)} == package
    data = {f"scratchml/data/{name}" for name in ("digits.npz", "idioms.txt", "names.txt", "NOTICE.md")}
    assert data | {"scratchml/py.typed", "scratchml/weights/idioms.npz", "scratchml/weights/names.npz"} <= package
    assert {information + "licenses/LICENSE", information + "licenses/scratchml/data/NOTICE.md"} <= set(names)


def test_installing_the_wheel_brings_numpy_only(installed):
    listed = json.loads(run(sys.executable, "-m", "pip", "--python", installed, "list", "--format", "json"))
    assert {package["name"] for package in listed} == {"numpy", "scratchml-book"}


def test_the_installed_package_works_away_from_the_repository(installed, tmp_path):
    program = """
import scratchml
from scratchml import Adam, CrossEntropy, Linear, MiniBatches, NeuralNetwork, Sequential, digits, fit, generate, idioms, names, one_hot, pretrained
assert len(idioms()) == 6000 and len(names()) == 5163
model, tokenizer = pretrained("idioms")
assert len(tokenizer.decode(generate(model, tokenizer.encode("\\n"), 4, rng=0))) == 4
images, labels, *_ = digits()
network = NeuralNetwork([64, 10], output_activation="identity", rng=0)
network.train(images, one_hot(labels, 10), epochs=3, learning_rate=0.02, shuffle=True, report_every=0)
model = Sequential(Linear(64, 10, rng=0))
fit(model, CrossEntropy(), Adam(model.parameters(), 0.01), MiniBatches(images, labels, rng=0), epochs=3)
accuracies = [(outputs.argmax(axis=1) == labels).mean() for outputs in (network.predict(images), model.forward(images))]
print(scratchml.__file__, min(accuracies))
"""
    where, accuracy = run(installed, "-I", "-W", "error", "-c", program, cwd=tmp_path).rsplit(maxsplit=1)
    assert Path(where).is_relative_to(installed.parents[1])
    assert float(accuracy) > 0.8
