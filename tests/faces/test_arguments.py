import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.errors import MLDeployError
from jupyter_mldeploy.notebook.magics.arguments import HelpShown, MagicError, Parser, Word, expand, value_of, words

VARIABLES = {"name": "churn", "model": object(), "numbers": [1, 2], "d": {"x": "deep"}}


def evaluate(expression: str) -> Any:
    return eval(expression, {}, VARIABLES)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a  b\tc ", ["a", "b", "c"]),
        ("", []),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("''", [""]),
        ("$name {name}", ["churn", "churn"]),
        ("{name}/score.py $name.py", ["churn/score.py", "churn.py"]),
        ("{d['x']} {name + ' ' + name}", ["deep", "churn churn"]),
        ("{ {'a': 1}['a'] }", ["{ {'a': 1}['a'] }"]),
        ("'$name {name}' \"$name {name}\"", ["$name {name}", "churn churn"]),
        ("it's 5$ {} a\\ b", ["it's", "5$", "{}", "a b"]),
    ],
)
def test_a_line_is_split_and_filled_in(line: str, expected: list[str]) -> None:
    assert words(line, evaluate) == expected


def test_a_word_that_is_one_object_keeps_it() -> None:
    found = words("$model {numbers} {numbers}x plain", evaluate)
    assert [value_of(word) for word in found] == [VARIABLES["model"], [1, 2], "[1, 2]x", "plain"]
    assert isinstance(found[0], Word) and found[0] == "$model"


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='"\\${}'))))
def test_quoted_words_come_back_as_they_were(given_words: list[str]) -> None:
    line = " ".join(f'"{word}"' for word in given_words)
    assert words(line, evaluate) == given_words


@given(st.lists(st.from_regex(r"[\w./:=-]+", fullmatch=True)))
def test_plain_words_are_split_as_a_shell_would(given_words: list[str]) -> None:
    line = "  ".join(given_words)
    assert words(line, evaluate) == shlex.split(line)


@given(st.text())
def test_no_line_breaks_the_splitting(line: str) -> None:
    words(line, lambda expression: expression)


def test_expanding_a_text_leaves_its_quotes() -> None:
    assert expand("'$name' \"{name}\" it's", evaluate) == "'churn' \"churn\" it's"


@pytest.fixture
def parser() -> Parser:
    parser = Parser("%deploy", "Deploy.", "%deploy churn")
    parser.add_argument("name")
    parser.add_argument("--workers", type=int)
    return parser


def test_a_wrong_argument_is_our_own_error_with_the_usage(parser: Parser) -> None:
    with pytest.raises(MagicError) as caught:
        parser.parse_args(["churn", "--workers", "two"])
    assert isinstance(caught.value, MLDeployError)
    assert "%deploy: argument --workers: invalid int value: 'two'" in caught.value.message
    assert "usage: %deploy" in caught.value.message


@pytest.mark.parametrize("line", [[], ["a", "b"], ["a", "--work", "2"]])
def test_missing_unknown_and_shortened_arguments_are_errors(parser: Parser, line: list[str]) -> None:
    with pytest.raises(MagicError):
        parser.parse_args(line)


def test_help_is_printed_with_an_example(parser: Parser, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpShown):
        parser.parse_args(["-h"])
    shown = capsys.readouterr().out
    assert "usage: %deploy" in shown and "example:\n  %deploy churn" in shown
