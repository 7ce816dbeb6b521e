"""The house rules that a machine can check: import directions, sizes, prints, broad excepts."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms"},
    "model": {"schemas", "model"},
    "pipeline": {"schemas", "transforms", "pipeline"},
    # Of the model the examples use only the generated world that the tiny base knows.
    "examples": {"schemas", "transforms", "pipeline", "examples", "model"},
}
PIPELINE_ROOMS = (
    *("machine", "storage", "recipes", "sources", "parts", "jobs", "engines", "plans"),
    *("dataset", "watching", "audit", "publish", "commands"),
)
"""From the ground up: each uses those below it."""
HOMES = {"apache_beam": "pipeline/engines/beam", "ray": "pipeline/engines/ray"}
"""How the names of the files that may import an engine begin."""
CODECS = {"av"}
BROAD_EXCEPT = {"pipeline/parts/trials.py", "transforms/child_main.py"}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
HEAVY = {"torch", "apache_beam", "ray", "transformers", "cv2"}

FILES = sorted(p for layer in LAYERS for p in (ROOT / layer).rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in FILES}
NAMES = sorted(TREES)


def imports(name: str) -> Iterator[tuple[str, str | None]]:
    """Yield (top-level package, layer of ours or None) of every import in a file."""
    package = ("interlink", *Path(name).parts[:-1])
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], None
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 0:
                yield module.split(".")[0], None
                continue
            base = (*package[: len(package) - node.level + 1], *filter(None, module.split(".")))
            for alias in node.names:
                whole = (*base, alias.name)
                yield "interlink", whole[1] if len(whole) > 1 else None


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down_only(name: str):
    allowed = set(LAYERS[name.split("/")[0]])
    if name.startswith("pipeline/commands/"):
        allowed |= {"examples", "model"}
    used = {found for _, found in imports(name) if found in LAYERS}
    assert used <= allowed, f"{name} may import {sorted(allowed)} only"


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n.startswith("pipeline/") and n.count("/") > 1]
)
def test_rooms_of_the_pipeline_use_those_below_them(name: str):
    room = PIPELINE_ROOMS.index(name.split("/")[1])
    package = name.split("/")[:-1]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ImportFrom) and node.level:
            module = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            if module[0] == "pipeline" and module[1] in PIPELINE_ROOMS:
                assert PIPELINE_ROOMS.index(module[1]) <= room, f"{name} imports {module}"


def test_the_examples_use_only_the_generated_world_of_the_model():
    for name in NAMES:
        if name.startswith("examples/"):
            used = {
                node.module
                for node in ast.walk(TREES[name])
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("model")
            }
            assert used <= {"model.tiny.words", "model.tiny.world"}, name


@pytest.mark.parametrize("name", NAMES)
def test_inside_the_package_imports_of_ours_are_relative(name: str):
    absolute = {top for top, layer in imports(name) if layer is None}
    assert not absolute & {"interlink", *LAYERS} or name.startswith("examples/")


@pytest.mark.parametrize("name", NAMES)
def test_engines_and_codecs_stay_in_their_rooms(name: str):
    used = {top for top, _ in imports(name)}
    for engine, home in HOMES.items():
        assert engine not in used or name.startswith(home), f"{engine} belongs to {home}*"
    allowed = name.startswith(("transforms/media/", "examples/"))
    assert not used & CODECS or allowed, "PyAV belongs to transforms/media"


@pytest.mark.parametrize("name", NAMES)
def test_schemas_need_nothing_but_pyarrow(name: str):
    if not name.startswith("schemas/"):
        return
    foreign = {top for top, _ in imports(name)} - set(sys.stdlib_module_names)
    assert foreign <= {"pyarrow", "interlink"}


@pytest.mark.parametrize("name", NAMES)
def test_files_and_functions_are_short(name: str):
    lines = (ROOT / name).read_text().count("\n")
    assert lines <= MAX_FILE_LINES, f"{name} has {lines} lines"
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{name}: {node.name} has {length} lines"


@pytest.mark.parametrize("name", NAMES)
def test_only_the_command_line_prints(name: str):
    calls = [n for n in ast.walk(TREES[name]) if isinstance(n, ast.Call)]
    prints = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]
    assert not prints or name.startswith(("pipeline/commands/", "examples/"))


@pytest.mark.parametrize("name", NAMES)
def test_whole_tables_are_read_from_open_files_without_threads(name: str):
    """Arrow's threads may outlive such a read; Python then aborts at its end, with exit code 134.

    https://github.com/apache/arrow/issues/34314; paths, and `ParquetFile.read`, are not concerned.
    """
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("pq.read_table"):
            stated = {word.arg: ast.unparse(word.value) for word in node.keywords}
            is_path = ast.unparse(node.args[0]) == "path"
            assert is_path or stated.get("use_threads") == "False", f"line {node.lineno}"


@pytest.mark.parametrize("name", NAMES)
def test_broad_excepts_stand_only_where_one_record_must_not_cost_another(name: str):
    broad = [
        node.lineno
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert not broad or name in BROAD_EXCEPT, f"{name}: lines {broad}"


@pytest.mark.parametrize(
    "module", ["interlink", "interlink.pipeline.recipes.recipe", "interlink.pipeline"]
)
def test_importing_the_package_loads_nothing_heavy(module: str):
    code = f"import sys, {module}; print(*(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_documented():
    missing = [
        f"{name}: {node.name}"
        for name, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert not missing
