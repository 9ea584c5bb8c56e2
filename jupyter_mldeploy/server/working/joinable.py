"""What a script lets the front know about joining requests: whether it can, whether it asks for it, its own sample."""

import json
from typing import Any, Dict, Mapping, Optional

from .script import Script
from .signature import NEEDED

MARK = "__mldeploy_batch__"  # set by `mldeploy.batch`, of the shims
DATA = "data"


def joinable(script: Script, documents: Mapping[str, Optional[Mapping[str, Any]]]) -> Dict[str, Any]:
    """`why_not` it cannot be joined, or empty; `asked` by the decorator, with `most` requests a run (0: no wish);
    `json` when only bodies of type JSON reach it; `sample`, a body as text or empty."""
    most = getattr(script.run, MARK, None)
    asked = {"asked": most is not None, "most": most or 0, "json": script.schema}
    return {**asked, "why_not": _why_not(script), "sample": _sample(documents) if script.schema else ""}


def _why_not(script: Script) -> str:
    if script.raw:
        return "run() takes the raw request"
    if script.headers:
        return "run() looks at the headers of each request"
    if script.schema and not _takes_data(script):
        names = ", ".join(parameter.name for parameter in script.wanted)
        return f"run() has other parameters than {DATA!r} to be filled: {names}"
    return ""


def _takes_data(script: Script) -> bool:
    """Whether a body with the one key "data" is all that it needs."""
    needed = {parameter.name for parameter in script.wanted if parameter.default is NEEDED}
    return needed <= {DATA} and DATA in {parameter.name for parameter in script.wanted}


def _sample(documents: Mapping[str, Optional[Mapping[str, Any]]]) -> str:
    """The example of the script's input schema."""
    document = documents.get("2") or {}
    example = document.get("definitions", {}).get("ServiceInput", {}).get("example")
    return json.dumps(example) if isinstance(example, dict) and list(example) == [DATA] else ""
