"""`GET /docs`: the API's page, made of one HTML file and the service's OpenAPI document; needs no internet."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .state import Front

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "docs.html")
PREFERRED = ("3.0", "3.1", "2")  # versions of the document; what the page shows is the same in all


class Template(NamedTuple):
    """The page with two gaps: its title, and the JSON that its script reads."""

    text: str
    script_hash: str


def page(front: Front) -> bytes:
    """The page for what is served now."""
    swagger = front.pool.swagger
    document = next((swagger[version] for version in PREFERRED if swagger.get(version) is not None), "{}")
    content = {
        "document": json.loads(document) if isinstance(document, str) else document,
        "version": front.config.version,
        "auth": front.auth.mode != "none",
    }
    # In a script element only `<` could end the data early.
    data = json.dumps(content).replace("<", r"\u003c")
    return _template().text.replace("{{title}}", escape(front.config.name)).replace("{{data}}", data).encode()


def headers() -> bytes:
    """The page may run its own script and call its own service, and nothing else."""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_template().script_hash}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return (
        b"content-type: text/html; charset=utf-8\r\ncontent-security-policy: %b\r\nx-content-type-options: nosniff\r\n"
        b"referrer-policy: no-referrer\r\n" % policy.encode()
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    return Template(text, b64encode(sha256(script.encode()).digest()).decode())
