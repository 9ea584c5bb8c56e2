"""A kernelspec for the Python that runs this, for as long as a notebook runs: nothing has to be registered before."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

NAME = "mldeploy-this-python"
VARIABLE = "JUPYTER_PATH"


@contextmanager
def this_python() -> Iterator[str]:
    """The name of a kernel of exactly this interpreter, whatever kernels the machine knows under other names."""
    before = os.environ.get(VARIABLE)
    with TemporaryDirectory(prefix="mldeploy-kernel-") as folder:
        spec = Path(folder, "kernels", NAME, "kernel.json")
        spec.parent.mkdir(parents=True)
        # Only errors of the kernel's own: its advice on transports would stand between the lines of a command.
        argv = [sys.executable, "-m", "ipykernel_launcher", "--log-level=CRITICAL", "-f", "{connection_file}"]
        spec.write_text(json.dumps({"argv": argv, "display_name": "This Python", "language": "python"}))
        os.environ[VARIABLE] = os.pathsep.join([folder, before] if before else [folder])
        try:
            yield NAME
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before
