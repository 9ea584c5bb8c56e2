"""`%%entry_script`: the cell becomes a file, and is checked as an entry script."""

from __future__ import annotations

from pathlib import Path

from ... import disk
from ...services import scripts
from .arguments import MagicError, Parser
from .context import Notebook

PARSER = Parser(
    "%%entry_script",
    "Write the cell to FILE (its folders are made) and check that it parses and has init and run.",
    "%%entry_script churn/score.py",
)
PARSER.add_argument("file", metavar="FILE", help="where to write, relative to the current folder")


def run(notebook: Notebook) -> None:
    """Write first, check then: a script that is wrong is a file to mend, and no lost work."""
    path = Path(notebook.parse(PARSER).file).expanduser()
    if path.is_dir():
        raise MagicError(f"%%entry_script: {path} is a folder. Name a file in it: {path / 'score.py'}")
    text = notebook.cell.encode()
    disk.write_bytes(path, text)
    print(f"Wrote {path}")
    scripts.check_text(text, str(path))
