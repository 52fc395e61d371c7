import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "scratchml"
ALLOWED = {"numpy", "scratchml"}


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
    """Imports of anything but numpy, the package itself and the standard library."""
    allowed = ALLOWED | sys.stdlib_module_names | {package.name}
    found = [(module, name) for module, tree in modules(package).items() for name in imports(package, module, tree)]
    return [f"{module} imports {name}" for module, name in found if name.split(".")[0] not in allowed]


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
    """Whatever `__init__` does beside importing public names from the package's modules and listing them, sorted, in `__all__`."""
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
        if imported.get(name) != module
    ]
    if listed != sorted(set(listed)):
        problems.append("__all__ is not sorted, or names something twice")
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
        ('from pack.a import f, g\n__all__ = ["g", "f"]', "__all__ is not sorted"),
        ('from pack.a import f, g\n__all__ = ["f", "f", "g"]', "__all__ is not sorted, or names something twice"),
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


# The package.


def test_imports_go_one_way():
    assert import_problems(PACKAGE) == []


def test_only_numpy_and_the_standard_library_are_imported():
    assert foreign_imports(PACKAGE) == []


def test_init_re_exports_everything_public_and_nothing_else():
    assert export_problems(PACKAGE) == []


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
    assert settings["strict"] is True and settings["files"] == ["scratchml"]
    assert not {"exclude", "ignore_errors", "overrides", "follow_imports"} & settings.keys()
    run(sys.executable, "-m", "mypy")


def test_mypy_finds_a_readers_mistakes_and_only_those(tmp_path):
    lines = [
        ("import numpy as np", False),
        (
            "from scratchml import SGD, Adam, CrossEntropy, Linear, MiniBatches, Module, NeuralNetwork, Neuron, Optimizer, Parameter, ReLU, Sequential",
            False,
        ),
        (
            "from scratchml import SquaredError, cross_entropy, digits, fit, idioms, mean_loss, names, softmax, spirals, warmup_cosine",
            False,
        ),
        ("network = NeuralNetwork([2, 3, 1], output_activation='identity', rng=0)", False),
        ("network.train([[1.0, 2.0]], [[1.0]], epochs=1, learning_rate=0.1, shuffle=True)", False),
        ("print(softmax([1, 2]).round(4), digits().test_labels.shape, cross_entropy([0], [[1, 2]]) + 1)", False),
        ("NeuralNetwork('2, 3, 1')", True),
        ("NeuralNetwork([2, 1], rng='seed')", True),
        ("network.train([[1.0, 2.0]], [[1.0]], 1, 0.1, 32, True)", True),
        ("network.predict([[1, 2]]).rond()", True),
        ("cross_entropy([0], [[1, 2]]).shape", True),
        ("digits().train_lables", True),
        ("Neuron(2).wieghts", True),
        ("rng = np.random.default_rng(0)", False),
        (
            "model = Sequential(Linear(2, 8, rng=rng, dtype=np.float32), ReLU(), Linear(8, 2, rng=0, initialization='xavier'))",
            False,
        ),
        ("optimizer = Adam(model.parameters(), 0.01, weight_decay=0.1)", False),
        ("batches = MiniBatches(*spirals(100, num_arms=2, rng=rng), 16, rng=rng)", False),
        (
            "history = fit(model, CrossEntropy(), optimizer, batches, epochs=2, validation=[(np.ones((2, 2)), np.array([0, 1]))], patience=1)",
            False,
        ),
        (
            "fit(model, SquaredError(), SGD(model.parameters(), 0.1, momentum=0.9), batches, epochs=2, progress=list, schedule=lambda step: 0.1)",
            False,
        ),
        (
            "fit(model, CrossEntropy(), optimizer, batches, epochs=1, schedule=lambda s: warmup_cosine(s, peak=1, warmup_steps=1, total_steps=9))",
            False,
        ),
        (
            "print(history.training_loss[-1] + mean_loss(model, CrossEntropy(), batches), history.best_epoch + 1, len(batches))",
            False,
        ),
        ("model.load_state(model.state())", False),
        ("model.backward_to_parameters(model.forward([[1, 2]]))", False),
        (
            "print(model.forward([[1, 2]]).argmax(axis=1), [name.upper() for name in names() + idioms()], Parameter([1.0]).value.shape)",
            False,
        ),
        (
            "class Same(Module):\n    def forward(self, x: np.typing.ArrayLike) -> np.typing.NDArray[np.float64]: return np.array(x, np.float64)",
            False,
        ),
        ("Sequential(Same(), Linear(2, 1, rng=0))", False),
        ("Linear(2, 1)", True),
        ("Linear(2, 1, rng=None)", True),
        ("Sequential(Linear(2, 1, rng=0), ReLU)", True),
        ("Sequential([Linear(2, 1, rng=0), ReLU()])", True),
        ("SGD(model, 0.1)", True),
        ("SGD(model.parameters(), 0.1, 0.9)", True),
        ("MiniBatches(np.ones((4, 2)), np.ones(4), 2)", True),
        ("fit(model, cross_entropy, optimizer, batches, epochs=2)", True),
        ("fit(model, CrossEntropy(), batches, optimizer, epochs=2)", True),
        ("fit(model, CrossEntropy(), optimizer, batches, 2)", True),
        ("fit(model, CrossEntropy(), optimizer, batches, epochs=2, schedule=0.1)", True),
        ("history.validation_losses", True),
        ("CrossEntropy().backward(np.ones((1, 2)))", True),
        ("spirals(100)", True),
        ("names().most_frequent", True),
    ]
    (tmp_path / "reader.py").write_text("\n".join(line for line, _ in lines), "utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "mypy", tmp_path / "reader.py"], cwd=ROOT, capture_output=True, text=True
    )
    errors = {int(number) for number in re.findall(r"reader\.py:(\d+): error", finished.stdout)}
    expected, number = set(), 1
    for line, wrong in lines:
        expected |= {number} if wrong else set()
        number += line.count("\n") + 1
    assert errors == expected, finished.stdout + finished.stderr


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
