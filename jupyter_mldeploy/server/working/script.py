"""The user's entry script: found, loaded, and its `init` and `run` checked (wire contract, section 9)."""

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any, Callable, List, NamedTuple

from .signature import Parameter, parameters

MODULE = "entry_module"
HEADERS = "request_headers"


class ScriptError(Exception):
    """The entry script is not what the server can serve; the text says what to do."""


class Script(NamedTuple):
    """What the server calls. `wanted` are the parameters of `run` apart from `request_headers`."""

    name: str
    init: Callable[[], Any]
    run: Callable[..., Any]
    wanted: List[Parameter]
    headers: bool
    raw: bool
    schema: bool


def extend_path(root: str, source_directory: str) -> None:
    """Make modules of the current folder, the app root and the source folder importable, in the wire's order."""
    sys.path.insert(1, os.getcwd())
    sys.path.append(root)
    if source_directory:
        sys.path.append(os.path.join(root, source_directory))


def load(root: str, entry_script: str, register: bool = True) -> ModuleType:
    """Execute the script as module `entry_module`, registered so that what it pickles resolves; else import `main`.

    Compiled here rather than by a loader: no frames of import machinery stand before the script's own in a traceback,
    and no stale cache file can be taken for a script that changed within the same second.
    """
    if not entry_script:
        return __import__("main")
    path = os.path.join(root, entry_script)
    module = ModuleType(MODULE)
    module.__file__ = path
    module.__spec__ = ModuleSpec(MODULE, SourceFileLoader(MODULE, path), origin=path)
    source = _read(path)
    if register:
        sys.modules[MODULE] = module
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 (the script is our job)
    return module


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        folder = os.path.dirname(path)
        found = ", ".join(sorted(os.listdir(folder))[:50]) if os.path.isdir(folder) else "no such folder"
        raise ScriptError(f"The entry script {path} does not exist. In {folder}: {found or 'nothing'}.") from None


def examine(module: ModuleType) -> Script:
    """Find `init` and `run`, and how `run` wants to be called. Raises ScriptError or SignatureRefused."""
    name = os.path.basename(module.__file__ or module.__name__)
    for function in ("init", "run"):
        if not hasattr(module, function):
            raise ScriptError(f"{name} has no function `{function}`. An entry script needs init() and run(raw_data).")
    inner = getattr(module, "driver_module", None)
    run = inner.run if isinstance(inner, ModuleType) and hasattr(inner, "run") else module.run
    found = parameters(run)
    wanted = [parameter for parameter in found if parameter.name != HEADERS]
    if not wanted:
        raise ScriptError(f"run() of {name} needs a parameter for the input data, such as raw_data.")
    raw, schema = _asks_raw(), _is_schema_decorated(run)
    if raw and schema:
        raise ScriptError(f"run() of {name} is decorated with both @rawhttp and @input_schema. Keep one.")
    return Script(name, module.init, run, wanted, len(wanted) < len(found), raw, schema)


def _asks_raw() -> bool:
    """Whether `@rawhttp` was applied: a flag of the process, as the wire contract has it."""
    shim = sys.modules.get("azureml_inference_server_http.api.aml_request")
    return bool(getattr(shim, "_rawHttpRequested", False))


def _is_schema_decorated(run: Callable[..., Any]) -> bool:
    if "inference_schema" not in sys.modules:
        return False
    from inference_schema.schema_util import is_schema_decorated

    return bool(is_schema_decorated(run))
