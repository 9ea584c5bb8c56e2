"""A request as WSGI describes it, for Flask's own classes."""

import io
import sys
from typing import Any, Dict

from .inputs import Meta


def environ(meta: Meta, body: bytes) -> Dict[str, Any]:
    """The WSGI environment of a request. Header names with underscores are left out: they would be confused."""
    host, _, port = _header(meta, "host").partition(":")
    found: Dict[str, Any] = {
        "REQUEST_METHOD": meta.get("m", "POST"),
        "SCRIPT_NAME": "",
        "PATH_INFO": meta.get("p", "/score"),
        "QUERY_STRING": meta.get("q", ""),
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    kind = meta.get("ct") or _header(meta, "content-type")
    if kind:
        found["CONTENT_TYPE"] = kind
    if body or _header(meta, "content-length"):
        found["CONTENT_LENGTH"] = str(len(body))
    for name, value in meta.get("h", ()):
        key = "HTTP_" + name.upper().replace("-", "_")
        if "_" not in name and key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
            found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _header(meta: Meta, wanted: str) -> str:
    return next((str(value) for name, value in meta.get("h", ()) if name.lower() == wanted), "")
