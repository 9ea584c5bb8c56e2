"""How `run` calls, against a small server that answers as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.webservice._scoring import call
from jupyter_mldeploy.errors import ScoringFailed


@pytest.fixture
def server() -> Iterator[Callable[..., tuple[str, list[str]]]]:
    """Start one with `(status, body)` answers in turn; gives its address and the credentials that it saw."""
    running: list[ThreadingHTTPServer] = []

    def start(*answers: tuple[int, bytes]) -> tuple[str, list[str]]:
        seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, body = answers[len(seen)]
                self.rfile.read(int(self.headers["Content-Length"]))
                seen.append(self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(made)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{made.server_port}/score", seen

    yield start
    for made in running:
        made.shutdown()
        made.server_close()


def test_a_refused_key_is_asked_for_anew_once(server: Callable[..., tuple[str, list[str]]]) -> None:
    keys = iter([("old", ""), ("new", "")])
    uri, seen = server((401, b""), (200, b'"in"'))
    assert call(uri, "{}", lambda: next(keys)) == "in"
    assert seen == ["Bearer old", "Bearer new"]


def test_a_key_refused_twice_is_an_error(server: Callable[..., tuple[str, list[str]]]) -> None:
    uri, seen = server((401, b""), (401, b""))
    with pytest.raises(ScoringFailed) as raised:
        call(uri, "{}", lambda: ("key", ""))
    assert (raised.value.status, len(seen)) == (401, 2)


def test_without_keys_a_401_is_not_tried_again(server: Callable[..., tuple[str, list[str]]]) -> None:
    uri, seen = server((401, b""))
    with pytest.raises(ScoringFailed):
        call(uri, "{}", None)
    assert seen == [""]


def test_an_answer_that_is_no_json_names_its_type_and_the_way_out(
    server: Callable[..., tuple[str, list[str]]],
) -> None:
    uri, _ = server((200, b"plain words"))
    with pytest.raises(WebserviceException, match=r"text/plain, which is no JSON: b'plain words'.*requests\.post"):
        call(uri, "{}", None)
