"""Entry scripts are judged without being run: where they do not parse, and what they lack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.errors import FileMissing, ScriptInvalid
from jupyter_mldeploy.services import scripts
from jupyter_mldeploy.specs import ScriptSpec

GOOD = [
    "def init(): pass\ndef run(data): return data",
    "async def init(): pass\ndef run(data): return data",
    "from helper import *",
    "from helper import init, run",
    "from helper import start as init\nrun = lambda data: data",
    "if True:\n    def init(): pass\ntry:\n    from a import run\nexcept ImportError:\n    run = None",
    "import driver_module",
    "init, run = 1, 2",
    "init: object = 1\ndef run(x): pass",
]


@pytest.mark.parametrize("text", GOOD)
def test_scripts_that_bind_both_names_pass(text: str) -> None:
    scripts.check_text(text, "score.py")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def run(x): pass", "no `init`"),
        ("def init(): pass\ndef predict(x): pass", r"no `run`. It defines: init, predict"),
        ("x = 1", r"no `init` and no `run`"),
        ("", "It defines: nothing"),
        ("class Model:\n    def init(self): pass\n    def run(self, x): pass", "It defines: Model"),
    ],
)
def test_what_is_missing_is_said(text: str, said: str) -> None:
    with pytest.raises(ScriptInvalid, match=said):
        scripts.check_text(text, "score.py")


def test_a_syntax_error_is_shown_with_line_and_mark() -> None:
    with pytest.raises(ScriptInvalid, match=r"score.py, line 2: .*\n    return = 1\n    .*\^"):
        scripts.check_text("def init(): pass\nreturn = 1\n", "score.py")


def test_bytes_that_are_no_text_are_an_error_of_ours() -> None:
    with pytest.raises(ScriptInvalid):
        scripts.check_text(b"\x00\xff", "score.py")


@given(st.text(max_size=200))
def test_any_text_is_judged_or_refused_but_never_crashes(text: str) -> None:
    try:
        scripts.check_text(text, "score.py")
    except ScriptInvalid as error:
        assert "score.py" in error.message


def test_a_missing_script_names_the_path_that_was_tried() -> None:
    with pytest.raises(FileMissing, match="/nowhere/score.py"):
        scripts.check(ScriptSpec("score.py", "/nowhere"))
