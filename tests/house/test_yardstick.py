"""The yardstick of the house style, counted: sizes of files and functions, parameters, names, leftovers."""

import ast
import re
import statistics
from pathlib import Path

import jupyter_mldeploy

PACKAGE = Path(jupyter_mldeploy.__file__).parent
FILES = {path: path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
BANNED_CLASS = re.compile(r"(Manager|Helper|Util|Utils|Factory|Base)$")
BANNED_FILE = {"utils", "helpers", "common", "util", "helper"}
V1 = {"core", "shims", "legacy"}  # published signatures are exempt, the SDK's and those of old libraries
PUBLISHED = {"FileDatasetFactory", "TabularDatasetFactory"}  # names of the SDK that notebooks import


def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    found = []
    for path, text in FILES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((path, node))
    return found


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, the docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_files_are_small() -> None:
    sizes = {path: len(text.splitlines()) for path, text in FILES.items()}
    assert statistics.median(size for size in sizes.values() if size) <= 120
    assert not {str(path.relative_to(PACKAGE)): size for path, size in sizes.items() if size > 400}


def test_functions_are_small() -> None:
    lengths = sorted(length(node) for _, node in functions())
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 30


def test_functions_take_few_parameters() -> None:
    many = []
    for path, node in functions():
        arguments = node.args.posonlyargs + node.args.args
        counted = [a for a in arguments + node.args.kwonlyargs if a.arg not in ("self", "cls")]
        if len(counted) > 5 and not V1.intersection(path.relative_to(PACKAGE).parts):
            many.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name} takes {len(counted)}")
    assert not many


def test_names_say_what_things_are() -> None:
    assert not [path for path in FILES if path.stem in BANNED_FILE]
    for path, text in FILES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.name not in PUBLISHED:
                assert not BANNED_CLASS.search(node.name), f"{path}: {node.name}"


def test_nothing_is_left_over() -> None:
    for path, text in FILES.items():
        assert not re.search(r"#\s*(TODO|FIXME|XXX|HACK)", text), path
        assert ast.get_docstring(ast.parse(text)) or not text.strip(), f"{path} does not say what it is"


def test_imports_of_ours_are_at_the_top() -> None:
    """Save in core, where v1's own cycles need it, and in the shims, which import what the user's environment has."""
    hidden = []
    for path, node in functions():
        if V1.intersection(path.relative_to(PACKAGE).parts):
            continue
        for inner in ast.walk(node):
            ours = isinstance(inner, ast.ImportFrom) and (inner.level or (inner.module or "").startswith(PACKAGE.name))
            if ours:
                hidden.append(f"{path.relative_to(PACKAGE)}:{inner.lineno}")
    assert not hidden
