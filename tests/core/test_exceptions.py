"""v1's exceptions: tokens, text, status codes, and the table that leads to them."""

from __future__ import annotations

import inspect
import json
import logging
import pickle

import pytest

from jupyter_mldeploy import errors
from jupyter_mldeploy.core import exceptions as v1
from jupyter_mldeploy.core.exceptions import TABLE, as_v1, translated

CLASSES = [
    "WebserviceException",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "ComputeTargetException",
    "UserErrorException",
    "AuthenticationException",
    "RunEnvironmentException",
    "WorkspaceException",
    "ExperimentExecutionException",
    "ActivityFailedException",
    "SnapshotException",
    "RunConfigurationException",
    "TrainingException",
    "ProjectSystemException",
    "DatasetTypeException",
]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_of_v1_is_there_and_has_its_base(name: str) -> None:
    kind = getattr(v1, name)
    error = kind("what is wrong")
    assert isinstance(error, v1.AzureMLException)
    assert isinstance(error, errors.MLDeployError)
    assert error.message == "what is wrong"


def test_authentication_errors_are_user_errors() -> None:
    assert issubclass(v1.AuthenticationException, v1.UserErrorException)


def test_every_error_of_the_lower_floors_is_in_the_table() -> None:
    kinds = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MLDeployError)}
    assert kinds == set(TABLE)


@pytest.mark.parametrize(
    ("error", "kind", "start"),
    [
        (errors.ModelNotFound("no x"), v1.WebserviceException, "ModelNotFound: no x"),
        (errors.ServiceNotFound("no x"), v1.WebserviceException, "WebserviceNotFound: no x"),
        (errors.ComputeNotFound("no x"), v1.ComputeTargetException, "ComputeTargetNotFound: no x"),
        (errors.ModelPathNotFound("no x"), v1.ModelPathNotFoundException, "no x"),
        (errors.InvalidInput("bad"), v1.UserErrorException, "bad"),
        (errors.NameTaken("taken"), v1.WebserviceException, "taken"),
        (errors.DiskFull("full"), v1.WorkspaceException, "full"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_tokens_stand_at_the_start(error: errors.MLDeployError, kind: type, start: str) -> None:
    with pytest.raises(kind) as caught, translated():
        raise error
    assert caught.value.message == start
    assert caught.value.inner_exception is error


def test_a_token_is_not_given_twice() -> None:
    assert as_v1(errors.ModelNotFound("ModelNotFound: no x")).message == "ModelNotFound: no x"


def test_around_models_and_services_invalid_input_is_a_webservice_exception() -> None:
    @translated(v1.WebserviceException)
    def refuse() -> None:
        raise errors.InvalidInput("bad")

    for _ in range(2):
        with pytest.raises(v1.WebserviceException):
            refuse()


def test_v1_and_foreign_exceptions_pass_unchanged() -> None:
    for error in (v1.UserErrorException("mine"), KeyError("other")):
        with pytest.raises(type(error)) as caught, translated():
            raise error
        assert caught.value is error


def test_a_scoring_error_keeps_its_status() -> None:
    error = errors.ScoringFailed("no", status=502, headers={}, content=b"")
    translation = as_v1(error)
    assert isinstance(translation, v1.WebserviceException)
    assert translation.status_code == 502


def test_the_text_is_a_block_with_class_message_inner_and_json() -> None:
    lines = str(as_v1(errors.ModelNotFound("no x\nsecond line"))).splitlines()
    assert lines[0] == "WebserviceException:"
    assert lines[1:3] == ["    ModelNotFound: no x", "    second line"]
    assert "ModelNotFound" in lines[3]
    assert json.loads("\n".join(lines[4:]))["error"]["message"] == "ModelNotFound: no x"


def test_a_logger_gets_the_message_too(caplog: pytest.LogCaptureFixture) -> None:
    error = v1.WebserviceException("broken", status_code=409, logger=logging.getLogger("mine"))
    assert error.status_code == 409
    assert [(record.levelname, record.message) for record in caplog.records] == [("ERROR", "broken")]


def test_a_missing_file_is_caught_by_old_and_new_handlers() -> None:
    error = as_v1(errors.FileMissing("gone"))
    assert isinstance(error, FileNotFoundError)
    assert isinstance(error, v1.WebserviceException)


def test_exceptions_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(v1.WebserviceException("broken", status_code=409)))
    assert (error.message, error.status_code) == ("broken", 409)
