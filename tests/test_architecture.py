"""The directions in which packages may import each other, and what no module may do at import."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("benchmarks", "methods", "datasets", "reports")
MAY_IMPORT = {"benchmarks": {"methods", "datasets", "reports"}, "methods": set(), "datasets": set(), "reports": set()}
MODULES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
HEAVY = {"torch", "torchvision", "tensorflow", "keras"}


def imported(file: Path) -> set[str]:
    """The top-level names a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_go_in_one_direction(file):
    package = file.relative_to(ROOT).parts[0]
    siblings = (imported(file) & set(PACKAGES)) - {package}
    assert siblings <= MAY_IMPORT[package]


def test_the_page_names_every_module():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = ("benchmarks", "benchmarks/jobs", "benchmarks/evaluation", "reports")
    modules = {file.name for folder in rooms for file in (ROOT / folder).glob("[!_]*.py")}
    listed = {
        file.stem for folder in ("commands", "finetune") for file in (ROOT / "benchmarks" / folder).glob("[!_]*.py")
    }
    assert not {name for name in modules | listed if name not in page}


def test_datasets_need_only_the_standard_library_to_be_imported():
    plugins = [file.stem for file in (ROOT / "datasets").glob("[!_]*.py")]
    code = f"import sys; [__import__('datasets.' + name) for name in {plugins}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "PIL", "pandas", *HEAVY} & set(loaded.stdout.split())


@pytest.mark.parametrize(
    "module", ["cli", "jobs.plan", "jobs.runner", "commands.run", "commands.list_", "commands.check"]
)
def test_commands_that_train_nothing_load_no_heavy_library(module):
    code = f"import sys, benchmarks.{module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split())


@pytest.mark.parametrize("module", ["list_", "check"])
def test_list_and_check_load_nothing_that_runs_jobs(module):
    code = f"import sys, benchmarks.commands.{module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    running = {"benchmarks.commands.run", "benchmarks.jobs.cluster", "benchmarks.jobs.runner"}
    assert not running & set(loaded.stdout.split())


def test_the_tools_that_make_data_need_of_ours_only_datasets():
    tools = [file for file in MODULES if file.is_relative_to(ROOT / "datasets/making")]
    assert tools and set().union(*map(imported, tools)) & set(PACKAGES) == {"datasets"}


def test_the_tools_that_make_data_need_only_numpy_to_be_imported():
    tools = [module_name(file) for file in MODULES if file.is_relative_to(ROOT / "datasets/making")]
    code = f"import sys; [__import__(name) for name in {tools}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert not {"PIL", "av", "defusedxml", "requests", "scipy", "skimage", *HEAVY} & roots


def test_no_dataset_needs_the_tools_that_make_data():
    others = [file for file in MODULES if file.parts[len(ROOT.parts) :][:2] != ("datasets", "making")]
    own = [file for file in others if file.is_relative_to(ROOT / "datasets")]
    names = set().union(*(full_names(ast.walk(ast.parse(file.read_text(encoding="utf-8")))) for file in own))
    assert not [name for name in names if name.startswith("datasets.making")]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_a_package_keeps_to_itself_no_other_imports(file):
    own = file.relative_to(ROOT).parts[0]
    names = full_names(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    of_others = [name for name in names if name.split(".")[0] in set(PACKAGES) - {own}]
    assert not [name for name in of_others if "._" in name]


def test_the_modules_follow_one_another_without_a_circle():
    graph = {file: needed(file) - {file} for file in MODULES}
    assert not sorted(map(module_name, in_circles(graph)))


def test_the_rooms_of_benchmarks_follow_one_another_without_a_circle():
    graph: dict[str, set[str]] = {}
    for file in (ROOT / "benchmarks").rglob("*.py"):
        graph.setdefault(room(file), set()).update(room(other) for other in needed(file) if "benchmarks" in other.parts)
    assert not in_circles({name: needs - {name} for name, needs in graph.items()})


def needed(file: Path) -> set[Path]:
    """The files of ours that a file imports when it is loaded."""
    return {BY_NAME[name] for name in full_imports(file) if name in BY_NAME}


def room(file: Path) -> str:
    """A folder of `benchmarks`, or a file that lies in none."""
    return file.relative_to(ROOT / "benchmarks").parts[0]


def in_circles(graph: dict) -> set:
    """What is left once all that need nothing more are taken away, again and again."""
    while leaves := {node for node, needs in graph.items() if not needs & graph.keys()}:
        graph = {node: needs for node, needs in graph.items() if node not in leaves}
    return set(graph)


def test_what_only_a_type_checker_imports_counts_and_what_a_function_imports_does_not(tmp_path):
    file = tmp_path / "module.py"
    file.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from methods import knn\n"
        "def late():\n    import reports\n"
    )
    assert full_imports(file) == {"typing", "methods.knn"}


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


BY_NAME = {module_name(file): file for file in MODULES}


def full_imports(file: Path) -> set[str]:
    """Modules that a file imports when it is loaded, those under `if TYPE_CHECKING` too."""
    return full_names(at_the_top(ast.parse(file.read_text(encoding="utf-8"))))


def at_the_top(node: ast.AST) -> Iterator[ast.AST]:
    """All within a node but the bodies of functions, which import what they need when they are called."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from at_the_top(child)


def full_names(nodes: Iterable[ast.AST]) -> set[str]:
    """What these nodes import themselves; `from a import b` means the module a.b where there is one, else a."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in BY_NAME else node.module for name in inner}
    return names
