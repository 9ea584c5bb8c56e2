"""`GET /docs` in a real browser: from the service's own document, without internet, and its form works."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from parts import Part
from server.front.fronts import KEYS, Front

from .browser import Browser, browser

SCHEMA = """
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema

def init():
    pass

@input_schema("rows", NumpyParameterType(np.array([[1.0, 2.0]])))
@output_schema(NumpyParameterType(np.array([3.0])))
def run(rows):
    return rows.sum(axis=1).tolist()
"""


@pytest.fixture
def tab(part: Part, tmp_path: Path) -> Browser:
    with browser(part.command("chromium", "chromium"), tmp_path / "profile") as made:
        yield made


def send(tab: Browser) -> str:
    tab.see("document.getElementById('status').textContent = ''")
    tab.see("document.getElementById('send').click()")
    return tab.until("document.getElementById('status').textContent")


def text(tab: Browser, id: str) -> str:
    return tab.see(f"document.getElementById('{id}').textContent")


def test_the_form_sends_the_example_of_the_schema_and_shows_the_answer(
    new_front: Callable[..., Front], tab: Browser
) -> None:
    front = new_front(name="sums").script(SCHEMA).serve()
    tab.go(f"http://127.0.0.1:{front.port}/docs")
    assert json.loads(tab.see("document.getElementById('input').value")) == {"rows": [[1, 2]]}
    assert send(tab).startswith("200 OK")
    assert json.loads(text(tab, "answer")) == [3]
    assert "numpy.ndarray" in text(tab, "schemas")
    assert tab.requested() == {f"http://127.0.0.1:{front.port}/{path}" for path in ("docs", "score")}
    assert not tab.complaints()


def test_with_keys_on_the_form_asks_for_one(new_front: Callable[..., Front], tab: Browser) -> None:
    front = new_front(auth="key").serve()
    assert front.request("GET", "/docs").status == 401
    tab("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {KEYS[0]}"})
    tab.go(f"http://127.0.0.1:{front.port}/docs")
    tab("Network.setExtraHTTPHeaders", headers={})
    assert send(tab).startswith("401")
    tab.see(f"document.getElementById('key').value = '{KEYS[1]}'")
    assert send(tab).startswith("200")
    assert "Authorization: Bearer $KEY" in text(tab, "curl") and KEYS[1] not in text(tab, "curl")


def test_it_follows_the_colours_of_the_reader(new_front: Callable[..., Front], tab: Browser) -> None:
    front = new_front().serve()
    colours = []
    for dark in (False, True):
        tab.go(f"http://127.0.0.1:{front.port}/docs", dark=dark)
        colours.append(tab.see("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]


def test_a_name_with_markup_is_text(new_front: Callable[..., Front], tab: Browser) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    front = new_front(name=name).serve()
    tab.go(f"http://127.0.0.1:{front.port}/docs")
    assert text(tab, "title") == name
    assert tab.see("document.images.length") == 0


def test_a_page_before_the_service_is_ready_is_503(new_front: Callable[..., Front]) -> None:
    front = new_front().script("import time\ndef init():\n    time.sleep(30)\ndef run(x):\n    return x").start()
    assert front.request("GET", "/docs").status == 503
