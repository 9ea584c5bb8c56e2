"""A scikit-learn model, deployed without a script, through v1's names."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from deployer import Deployer
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from jupyter_mldeploy import nocode
from jupyter_mldeploy.core import Model
from jupyter_mldeploy.core.exceptions import WebserviceException
from jupyter_mldeploy.core.resource_configuration import ResourceConfiguration

pytestmark = pytest.mark.xdist_group("nocode-scikit-learn")  # one workspace and one service for all of it

IRIS = load_iris()
CLASSIFIER = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS.data, IRIS.target)


def registered(own: Deployer, name: str, fitted: Any, **more: Any) -> Model:
    path = own.folder / f"{name}.pkl"
    joblib.dump(fitted, path)
    given = {"model_framework": Model.Framework.SCIKITLEARN, "model_framework_version": sklearn.__version__, **more}
    return Model.register(own.ws, model_path=path, model_name=name, **given)


@pytest.fixture(scope="module")
def iris(own: Deployer) -> Any:
    """Deployed as in v1's document: name and model, nothing else."""
    resources = ResourceConfiguration(cpu=1, memory_in_gb=0.5)
    model = registered(own, "iris", CLASSIFIER, resource_configuration=resources, description="species of irises")
    service = Model.deploy(own.ws, "my-sklearn-service", [model])
    service.wait_for_deployment(show_output=True, timeout_sec=60)
    return service


def test_it_is_an_aci_service_with_the_resources_of_the_registration(iris: Any) -> None:
    configuration = iris._record.plan.configuration
    assert (iris.compute_type, iris.state, iris.auth_enabled) == ("ACI", "Healthy", False)
    assert (configuration["cpu_cores"], configuration["memory_gb"]) == (1, 0.5)
    assert iris.description == "species of irises"


def test_rows_are_answered_by_the_method_that_was_asked_for(iris: Any) -> None:
    rows = IRIS.data[::50].tolist()
    assert iris.run(json.dumps({"data": rows, "method": "predict"})) == {"predict": [0, 1, 2]}
    assert iris.run(json.dumps({"data": rows})) == {"predict": [0, 1, 2]}
    found = iris.run(json.dumps({"data": rows, "method": "predict_proba"}))
    np.testing.assert_allclose(found["predict_proba"], CLASSIFIER.predict_proba(IRIS.data[::50]))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("no json", "no JSON"),
        ("[[1, 2]]", '"data"'),
        ('{"rows": []}', '"data"'),
        ('{"data": [[1, 2]]}', "expecting 4 features"),
        ('{"data": [["a", "b", "c", "d"]]}', "could not convert"),
        ('{"data": [[1, 2], [3]]}', "ValueError"),
        ('{"data": [[1, 2, 3, 4]], "method": "fit"}', "no method 'fit' to score with. It has predict"),
        ('{"data": [[1, 2, 3, 4]], "method": "__class__"}', "no method"),
        ('{"data": [[1, 2, 3, 4]], "method": ["predict"]}', "no method"),
    ],
)
def test_a_request_that_cannot_work_is_400_and_says_why(body: str, why: str, iris: Any) -> None:
    with pytest.raises(WebserviceException) as caught:
        iris.run(body)
    assert caught.value.status_code == 400
    assert why in json.loads(caught.value.inner_exception.content)["error"]


def test_the_script_that_serves_is_in_the_bundle_for_everyone_to_see(iris: Any, own: Deployer) -> None:
    (script,) = (own.ws._home.bundles / iris._record.bundle.digest / "source").iterdir()
    assert script.name == "score_scikit_learn.py"
    assert "score_scikit_learn" in iris.get_logs() or "Pipeline" in iris.get_logs()


def test_the_interpreter_that_wrote_the_model_serves_it_and_nothing_is_installed(iris: Any) -> None:
    import sys

    assert iris._record.lock.interpreter == sys.executable
    assert any(pin == f"scikit-learn=={sklearn.__version__}" for pin in iris._record.lock.requirements)


def test_an_update_to_the_next_version_needs_no_script_either(own: Deployer) -> None:
    data = load_diabetes()
    model = registered(own, "line", LinearRegression().fit(data.data, data.target))
    service = Model.deploy(own.ws, "line-service", [model])
    service.wait_for_deployment(timeout_sec=60)
    body = json.dumps({"data": data.data[:2].tolist()})
    first = service.run(body)["predict"]
    service.update(models=[registered(own, "line", Ridge().fit(data.data, data.target))])
    service.wait_for_deployment(timeout_sec=60)
    second = service.run(body)["predict"]
    np.testing.assert_allclose(second, Ridge().fit(data.data, data.target).predict(data.data[:2]))
    assert first != second


def test_a_file_that_is_no_pickle_is_named_when_it_is_loaded(own: Deployer) -> None:
    (own.folder / "model.h5").write_bytes(b"\x89HDF\r\n")
    model = Model.register(own.ws, own.folder / "model.h5", "keras-file", model_framework="ScikitLearn")
    service = Model.deploy(own.ws, "keras-file", [model])
    with pytest.raises(WebserviceException, match="model.h5 is no pickle and no joblib file: it begins with"):
        service.wait_for_deployment()


@pytest.mark.parametrize("compress", [("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3), 0])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_every_form_of_a_pickle_is_known_by_its_first_bytes(compress: Any, protocol: int, tmp_path: Path) -> None:
    (heads,) = re.findall(r"^HEADS = (.*)$", (nocode.SCRIPTS / "score_scikit_learn.py").read_text(), re.M)
    joblib.dump(CLASSIFIER, tmp_path / "model", compress=compress, protocol=protocol)
    assert (tmp_path / "model").read_bytes().startswith(ast.literal_eval(heads))


def test_a_service_with_a_script_keeps_it_when_models_alone_are_given(own: Deployer) -> None:
    service = own.deploy("scripted")
    with pytest.raises(WebserviceException, match="was deployed with an entry script"):
        service.update(models=[registered(own, "newer", CLASSIFIER)])


def test_a_model_of_columns_takes_rows_records_and_columns(own: Deployer) -> None:
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "colour": ["red", "blue", "red", "blue"]})
    columns = ColumnTransformer([("one", OneHotEncoder(), ["colour"])], remainder="passthrough")
    fitted = make_pipeline(columns, LinearRegression()).fit(frame, [1.0, 3.0, 3.0, 5.0])
    model = registered(own, "columns", fitted, model_framework_version=None)
    service = Model.deploy(own.ws, "columns-service", [model])
    service.wait_for_deployment(timeout_sec=60)
    expected = fitted.predict(frame[:2]).tolist()
    shuffled = frame[["colour", "size"]][:2]
    for data in (frame[:2].values.tolist(), shuffled.to_dict("records"), shuffled.to_dict("list")):
        assert service.run(json.dumps({"data": data})) == {"predict": expected}
    with pytest.raises(WebserviceException, match="colour"):
        service.run('{"data": [{"size": 1.0}]}')
