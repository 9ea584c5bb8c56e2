"""The response object of scripts where Flask is not installed: what AMLResponse is built on there."""

from http import HTTPStatus
from typing import Any, Iterable, Iterator, List, Optional, Tuple

from .multidict import Headers


class Response:
    """One HTTP response: a text, bytes, or an iterable of them, which streams unless it is a list or tuple."""

    default_mimetype = "text/html"

    def __init__(
        self,
        response: Any = None,
        status: Any = 200,
        headers: Any = None,
        mimetype: Optional[str] = None,
        content_type: Optional[str] = None,
    ) -> None:
        self.response: Iterable[Any] = [response or b""] if isinstance(response, _WHOLE) else response
        self.status_code = int(str(status or 200)[:3])
        self.headers = Headers(headers or ())
        given = content_type or self.headers.get("Content-Type")
        self.headers.set("Content-Type", given or _with_charset(mimetype or self.default_mimetype))

    @property
    def status(self) -> str:
        phrases = {code.value: code.phrase for code in HTTPStatus}
        return f"{self.status_code} {phrases.get(self.status_code, 'UNKNOWN')}"

    @property
    def content_type(self) -> str:
        return self.headers["Content-Type"]

    @property
    def mimetype(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_streamed(self) -> bool:
        return not isinstance(self.response, (list, tuple))

    @property
    def data(self) -> bytes:
        return b"".join(self.iter_encoded())

    def get_data(self, as_text: bool = False) -> Any:
        """The whole body as bytes, or as text."""
        return self.data.decode("utf-8", "replace") if as_text else self.data

    def set_data(self, value: Any) -> None:
        """Replace the body."""
        self.response = [value]

    def iter_encoded(self) -> Iterator[bytes]:
        """Yield the body's chunks as bytes; text is UTF-8."""
        for chunk in self.response:
            yield chunk.encode("utf-8") if isinstance(chunk, str) else bytes(chunk)

    def get_wsgi_response(self, environ: Any) -> Tuple[Iterator[bytes], str, List[Tuple[str, str]]]:
        """Body, status line and headers: Flask's name for the door that servers use."""
        return self.iter_encoded(), self.status, list(self.headers)


_WHOLE = (str, bytes, bytearray, type(None))


def _with_charset(mimetype: str) -> str:
    return f"{mimetype}; charset=utf-8" if mimetype.startswith("text/") else mimetype
