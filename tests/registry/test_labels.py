"""Tags and properties of any characters as MLflow tags and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mldeploy.registry import labels
from jupyter_mldeploy.registry.answers import ERRORS, without_credentials

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=18)
TEXTS = st.dictionaries(KEYS, st.text(max_size=20), max_size=5)


@given(TEXTS, TEXTS)
def test_any_tags_and_properties_come_back(tags: dict[str, str], properties: dict[str, str]) -> None:
    packed = labels.packed(tags, properties, 5000)
    assert labels.tags_of(packed) == tags
    assert labels.properties_of(packed) == properties


@given(TEXTS, TEXTS)
def test_mlflow_accepts_every_key(tags: dict[str, str], properties: dict[str, str]) -> None:
    from mlflow.utils.validation import _validate_tag_name

    for key in labels.packed(tags, properties, 5000):
        _validate_tag_name(key)


@pytest.mark.parametrize("key", ["plain", "with space", "a.b/c:d-e_f", "ünïcode"])
def test_a_key_that_mlflow_accepts_stays_readable(key: str) -> None:
    assert labels.tag_key(key) == key


@pytest.mark.parametrize("key", ["mlflow.user", "mldeploy.own", "mldeploy.property.x", "..", "/a", "a//b", "a?", "a\n"])
def test_a_key_that_would_be_refused_or_mistaken_is_quoted(key: str) -> None:
    assert labels.tag_key(key).startswith(labels.TAG)


def test_every_error_that_the_table_names_is_one_of_mlflows() -> None:
    from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS
    from mlflow.protos.databricks_pb2 import ErrorCode

    known = {*ERROR_CODE_TO_HTTP_STATUS, *ErrorCode.keys()}
    assert set(ERRORS) <= known


def test_credentials_are_cut_out_of_texts() -> None:
    assert without_credentials("at http://me:pa%40ss@host:5000/x failed") == "at http://host:5000/x failed"
