"""The request object of `@rawhttp` scripts where Flask is not installed, with the attributes that scripts use."""

import io
import json
from typing import Any, Dict, Optional

from .form import Form, parse
from .inputs import Meta, is_json, query_pairs
from .multidict import Headers, MultiDict


class Request:
    """One HTTP request. Bodies are bytes; `args`, `form` and `files` are parsed when first asked for."""

    def __init__(self, meta: Meta, body: bytes) -> None:
        self._body = body
        self._form: Optional[Form] = None
        query = meta.get("q", "")
        self.method: str = meta.get("m", "POST")
        self.path: str = meta.get("p", "/score")
        self.query_string = query.encode("latin-1", "replace")
        self.full_path = f"{self.path}?{query}"
        self.headers = Headers(meta.get("h", ()))
        self.content_type: Optional[str] = meta.get("ct") or self.headers.get("Content-Type")
        self.content_length = len(body) if body or "Content-Length" in self.headers else None
        self.host: str = self.headers.get("Host", "localhost")
        self.url = f"http://{self.host}{self.path}" + (f"?{query}" if query else "")
        self.stream = io.BytesIO(body)

    @property
    def mimetype(self) -> str:
        return (self.content_type or "").partition(";")[0].strip().lower()

    @property
    def args(self) -> MultiDict:
        return MultiDict(query_pairs(self.query_string.decode("latin-1")))

    @property
    def data(self) -> bytes:
        """The body, empty when it is a form's."""
        forms = ("application/x-www-form-urlencoded", "multipart/form-data")
        return b"" if self.mimetype in forms else self._body

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        """The body as it came, or as text. The other parameters are Flask's, and have no effect."""
        return self._body.decode("utf-8", "replace") if as_text else self._body

    @property
    def is_json(self) -> bool:
        return is_json(self.content_type or "")

    @property
    def json(self) -> Any:
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The parsed body. A body of another type or that does not parse raises ValueError, or is None if `silent`."""
        try:
            if not (force or self.is_json):
                raise ValueError(f"The request's content type is {self.content_type!r}, not application/json.")
            return json.loads(self._body)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def form(self) -> MultiDict:
        return self._parsed().fields

    @property
    def files(self) -> MultiDict:
        return self._parsed().files

    @property
    def values(self) -> MultiDict:
        """Query and form fields together."""
        return MultiDict([*self.args.items(), *self.form.items()])

    @property
    def cookies(self) -> Dict[str, str]:
        pairs = (part.partition("=") for part in self.headers.get("Cookie", "").split(";") if "=" in part)
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs}

    def _parsed(self) -> Form:
        if self._form is None:
            self._form = parse(self.content_type or "", self._body)
        return self._form
