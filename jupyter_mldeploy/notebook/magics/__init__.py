"""The magics of `%load_ext jupyter_mldeploy`. Each is a module of this package, imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal

# magic → its kind and what `%magic?` says; a module of the same name has PARSER and run(notebook)
MAGICS: Mapping[str, tuple[Literal["line", "cell"], str]] = {
    "entry_script": ("cell", "Write the cell to FILE and check that it can be an entry script."),
    "deploy": ("line", "Deploy models behind an entry script as service NAME."),
    "score": ("line", "Send DATA to service NAME and return its answer."),
    "logs": ("line", "Print the log of service NAME."),
    "reload": ("line", "Let service NAME read its entry script or source folder again."),
    "services": ("line", "List the services of the workspace."),
    "undeploy": ("line", "Stop and delete services."),
}


def register(shell: Any) -> None:
    """Make the magics known to an IPython shell."""
    for name, (kind, text) in MAGICS.items():
        shell.register_magic_function(_function(shell, name, text), kind, name)
    if _with_body not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_with_body)


def _with_body(lines: list[str]) -> list[str]:
    """Give a lone `%%magic …` line an empty body: without one IPython raises its UsageError before the magic is asked,
    also for `-h`."""
    alone = len(lines) == 1 and lines[0].startswith("%%") and lines[0].split()[0][2:] in MAGICS
    return [lines[0].rstrip("\n") + "\n", "\n"] if alone else lines


def _function(shell: Any, name: str, text: str) -> Callable[..., Any]:
    def magic(line: str, cell: str = "", local_ns: dict[str, Any] | None = None) -> Any:
        # Late, so that loading the extension costs next to nothing.
        return import_module(".context", __name__).call(name, shell.user_ns, local_ns, line, cell)

    magic.__name__ = name
    magic.__doc__ = f"{text} Arguments: run it with -h."
    # IPython would turn what `$name` and `{expression}` hold into text, and cannot tell JSON from an expression.
    vars(magic).update(_ipython_magic_no_var_expand=True, needs_local_scope=True)
    return magic
