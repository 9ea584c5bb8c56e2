"""`jupyter mldeploy convert`: our names for the SDK's, and not a byte more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mldeploy.migrate import convert
from jupyter_mldeploy.migrate.positions import texts

from .conftest import Command, Notebook

BEFORE = """\
# azureml.core is the SDK: "azureml.core"
import azureml.core, os
import azureml.core.model as models, json
from azureml.core import (Workspace,
    Experiment)
from azureml.exceptions import AzureMLException as E; from azureml.core.run import Run
print("é", azureml.core.VERSION, azureml.core.model.Model, "azureml.core")
%time import azureml.core
"""
AFTER = """\
# azureml.core is the SDK: "azureml.core"
import jupyter_mldeploy.core, os
import jupyter_mldeploy.core.model as models, json
from jupyter_mldeploy.core import (Workspace,
    Experiment)
from jupyter_mldeploy.core.exceptions import AzureMLException as E; from jupyter_mldeploy.core.run import Run
print("é", jupyter_mldeploy.core.VERSION, jupyter_mldeploy.core.model.Model, "azureml.core")
%time import azureml.core
"""


def source(path: Path, cell: int) -> str:
    found = json.loads(path.read_text())["cells"][cell]["source"]
    return found if isinstance(found, str) else "".join(found)


def test_names_are_rewritten_and_the_rest_is_kept_byte_for_byte(notebook: Notebook, command: Command) -> None:
    path = notebook(BEFORE, "x = 1")
    before = path.read_text()
    out = path.with_name("out.ipynb")
    code, said = command("convert", path, "-o", out)
    assert (code, path.read_text()) == (0, before)
    assert said == f"{out}: 7 names changed.\n"
    assert out.read_text() == before.replace(
        json.dumps(BEFORE, ensure_ascii=False), json.dumps(AFTER, ensure_ascii=False)
    )


def test_converting_twice_changes_nothing(notebook: Notebook, command: Command) -> None:
    path = notebook(BEFORE)
    command("convert", path)
    once, written = path.read_bytes(), path.stat().st_mtime_ns
    assert source(path, 1) == AFTER
    assert "0 names changed" in command("convert", path)[1]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (once, written)


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize("indent", [None, 1, 4])
def test_every_way_to_write_json_stays_as_it_is(
    tmp_path: Path, ascii_only: bool, as_lines: bool, indent: int | None
) -> None:
    def document(text: str) -> str:
        kept = text.splitlines(keepends=True) if as_lines else text
        outputs = [{"data": {"text/plain": "import azureml.core"}, "output_type": "display_data", "metadata": {}}]
        cell = {"source": kept, "cell_type": "code", "outputs": outputs, "metadata": {"é😀": "azureml.core"}}
        return json.dumps({"metadata": {}, "cells": [cell]}, indent=indent, ensure_ascii=ascii_only) + "\n"

    text = "name = '😀é\\t'; from azureml.core import Run\n" + BEFORE
    path = tmp_path / "a.ipynb"
    path.write_bytes(document(text).encode())
    convert(path)
    assert (
        path.read_bytes()
        == document(text.replace(BEFORE, AFTER).replace("from azureml", "from jupyter_mldeploy")).encode()
    )


def test_what_has_no_twin_and_what_a_cell_writes_stays(notebook: Notebook, command: Command) -> None:
    script = "%%writefile score.py\nfrom azureml.core.model import Model"
    path = notebook(script, "from azureml.train.automl import AutoMLConfig", "print 'azureml'")
    before = path.read_text()
    code, said = command("convert", path)
    assert (code, path.read_text()) == (0, before)
    assert "azureml.train.automl" in said and "print 'azureml'" in said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from azureml.data import dataset_type_definitions",
            "from jupyter_mldeploy.core._data import dataset_type_definitions",
        ),
        ("from azureml import core", "from jupyter_mldeploy import core"),
        ("import azureml as sdk", "import azureml as sdk"),
        ("from azureml.core import LinkedService, Run", "from azureml.core import LinkedService, Run"),
        ("from azureml.widgets import RunDetails", "from jupyter_mldeploy.notebook.widgets import RunDetails"),
        ("if x:\n    import azureml.core.model", "if x:\n    import jupyter_mldeploy.core.model"),
        ("azureml = 3", "azureml = 3"),
    ],
)
def test_each_form_of_an_import(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(before)
    convert(path)
    assert path.read_text() == after


def test_a_script_is_converted_too(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbffrom azureml.core import Run\r\nrun = Run.get_context()\r\n")
    assert convert(path).changed == 1
    assert path.read_bytes() == b"\xef\xbb\xbffrom jupyter_mldeploy.core import Run\r\nrun = Run.get_context()\r\n"


def test_what_was_converted_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import azureml\nimport azureml.core\nfound = azureml.core.webservice.AciWebservice.__name__")
    names: dict[str, object] = {}
    exec(convert(path, tmp_path / "b.py").text, names)
    assert names["found"] == "AciWebservice"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 0, 2]))
def test_every_text_of_a_document_is_found_where_it_stands(
    content: object, ascii_only: bool, indent: int | None
) -> None:
    document = json.dumps(content, ensure_ascii=ascii_only, indent=indent)
    for text in texts(document):
        value: object = content
        for step in text.path:
            value = value[step]  # type: ignore[index]
        assert json.loads(document[text.start - 1 : text.end + 1]) == value
        for index, letter in enumerate(str(value)):
            if letter.isalnum() and letter.isascii():
                assert document[text.place(document, index)] == letter
