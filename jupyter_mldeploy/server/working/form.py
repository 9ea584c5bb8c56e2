"""Form bodies, url-encoded and multipart, as fields and uploaded files."""

import io
import re
import shutil
from typing import Any, Iterator, List, NamedTuple, Tuple

from .inputs import query_pairs
from .multidict import Headers, MultiDict

PARAMETER = re.compile(r';\s*([\w*-]+)=(?:"((?:\\.|[^"\\])*)"|([^;\s]*))')


class File(io.BytesIO):
    """An uploaded file: a binary stream that knows its names, type and headers."""

    def __init__(self, content: bytes, name: str, filename: str, headers: Headers) -> None:
        super().__init__(content)
        self.name, self.filename, self.headers = name, filename, headers
        self.content_type = headers.get("Content-Type", "")
        self.mimetype = self.content_type.partition(";")[0].strip().lower()
        self.stream = self

    def save(self, destination: Any) -> None:
        """Write the content to a path or a binary file object."""
        if hasattr(destination, "write"):
            shutil.copyfileobj(self, destination)
            return
        with open(destination, "wb") as file:
            shutil.copyfileobj(self, file)


class Form(NamedTuple):
    fields: MultiDict
    files: MultiDict


def parse(content_type: str, body: bytes) -> Form:
    """The fields and files of a form body; nothing when the type is not a form's."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return Form(MultiDict(query_pairs(body.decode("latin-1"))), MultiDict())
    boundary = parameters(content_type).get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        return Form(MultiDict(), MultiDict())
    fields: List[Tuple[str, str]] = []
    files: List[Tuple[str, File]] = []
    for headers, content in _parts(body, boundary.encode("latin-1", "replace")):
        said = parameters(headers.get("Content-Disposition", ""))
        name = said.get("name", "")
        if "filename" in said:
            files.append((name, File(content, name, said["filename"], headers)))
        else:
            fields.append((name, content.decode("utf-8", "replace")))
    return Form(MultiDict(fields), MultiDict(files))


def parameters(header: str) -> MultiDict:
    """The parameters after the first semicolon of a header: `multipart/form-data; boundary=x` has `boundary`."""
    found = PARAMETER.findall(header)
    return MultiDict((name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain) for name, quoted, plain in found)


def _parts(body: bytes, boundary: bytes) -> Iterator[Tuple[Headers, bytes]]:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if part.startswith(b"--"):
            return
        head, found, content = part.partition(b"\r\n\r\n")
        if found:
            lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n") if ":" in line)
            yield Headers((name.strip(), value.strip()) for name, _, value in lines), content
