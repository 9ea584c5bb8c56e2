"""Whose Python serves: that of the kernel whose notebook deploys, not that of whoever runs the notebook."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

NOTEBOOK = """
import sys
from pathlib import Path
from jupyter_mldeploy import Environment, InferenceConfig, Model, Workspace
Path("score.py").write_text("import sys\\ndef init():\\n    pass\\n\\ndef run(raw_data):\\n    return sys.prefix\\n")
ws = Workspace.create("lab", exist_ok=True)
service = Model.deploy(ws, "whose-python", [], InferenceConfig(entry_script="score.py", environment=Environment("any")))
service.wait_for_deployment()
Path("answer.txt").write_text(f"{sys.prefix}\\n{service.run('{}')}")
service.delete()
"""


def test_the_kernels_own_interpreter_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    import papermill

    own = tmp_path / "own"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(own)], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(own)}))
    root = Path(__file__).parents[2]
    (packages / "shared.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n")
    spec = tmp_path / "jupyter/kernels/own/kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(own / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "own", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        tmp_path / "in.ipynb", tmp_path / "out.ipynb", kernel_name="own", cwd=tmp_path, progress_bar=False
    )
    notebooks, services = (tmp_path / "answer.txt").read_text().splitlines()
    assert notebooks == services == str(own)
