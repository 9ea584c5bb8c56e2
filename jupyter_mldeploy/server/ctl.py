"""Control a front from a shell: `python ctl.py SOCKET '{"op": "status"}'` prints the reply; exit code 0 or 1.

`@FILE` instead of a message is the one in that file, which is removed: no process list shows what it says.

Standard library only. It runs as a bare file inside containers, so it loads `control.py` from beside itself.
"""

import importlib.util
import json
import os
import sys
from typing import Any, Dict, List

USAGE = "usage: ctl.py SOCKET JSON-MESSAGE|@FILE [TIMEOUT-SECONDS]"


def main(arguments: List[str]) -> int:
    """Send one message and print what came back; 1 when it was refused, unreadable or nobody listens."""
    if len(arguments) not in (2, 3):
        print(USAGE, file=sys.stderr)
        return 1
    try:
        reply = _call(arguments[0], json.loads(_text(arguments[1])), float((*arguments, "600")[2]))
    except (OSError, ValueError) as error:
        silent = isinstance(error, OSError)  # nobody answered, which is not the same as a no
        print(json.dumps({"ok": False, "error": str(error) or type(error).__name__, "silent": silent}))
        return 1
    print(json.dumps(reply))
    return 0 if reply.get("ok") else 1


def _text(given: str) -> str:
    """The message, or what is in the file that it names."""
    if not given.startswith("@"):
        return given
    with open(given[1:], encoding="utf-8") as file:
        text = file.read()
    os.unlink(given[1:])
    return text


def _call(path: str, message: Dict[str, Any], timeout: float) -> Dict[str, Any]:
    """`control.call`, from the file beside this one: run as a file, it belongs to no package."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "control.py")
    spec = importlib.util.spec_from_file_location("_mldeploy_control", beside)
    if spec is None or spec.loader is None:
        raise OSError(f"{beside} is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    reply: Dict[str, Any] = module.call(path, message, timeout)
    return reply


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
