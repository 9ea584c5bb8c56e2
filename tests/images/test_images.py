"""v1's first releases: images made of models, script and conda file, and services deployed from them."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from deployer import Deployer

from jupyter_mldeploy.core import Model, Webservice
from jupyter_mldeploy.core.exceptions import UserErrorException, WebserviceException
from jupyter_mldeploy.core.image import ContainerImage, Image
from jupyter_mldeploy.core.webservice import AciWebservice, LocalWebservice

pytestmark = pytest.mark.xdist_group("images")  # one workspace and one service for all of it

SCORE = """
    import json
    from azureml.core.model import Model
    from beside import offset

    def init():
        global factor, extra
        factor = int(open(Model.get_model_path("factor")).read())
        extra = json.load(open("extra/more.json"))

    def run(raw_data):
        return [factor * x + offset + extra for x in json.loads(raw_data)["data"]]
"""
CONDA = """
    name: project_environment
    dependencies:
      - python=3.6.2
      - pip:
        - azureml-defaults
"""


def written(name: str, text: str) -> str:
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    Path(name).write_text(textwrap.dedent(text))
    return name


def configuration(**more: Any) -> Any:
    return ContainerImage.image_configuration(
        execution_script=written("score.py", SCORE),
        runtime="python",
        conda_file=written("myenv.yml", CONDA),
        dependencies=[written("beside.py", "offset = 1\n"), str(Path(written("extra/more.json", "100\n")).parent)],
        **{"description": "a test", "tags": {"area": "tests"}, **more},
    )


def factor(own: Deployer, value: int) -> Model:
    return Model.register(own.ws, written("factor.txt", str(value)), "factor")


def test_an_image_is_made_listed_changed_found_and_deployed(own: Deployer) -> None:
    model = factor(own, 2)
    image = Image.create(own.ws, "my-image", [model], configuration())
    image.wait_for_creation(show_output=True)
    assert (image.id, image.creation_state, image.model_ids) == ("my-image:1", "Succeeded", [model.id])
    assert isinstance(image, ContainerImage)
    Path("score.py").write_text("nothing of it is needed any more")
    Path("beside.py").unlink()

    image.add_tags({"more": 1})
    image.remove_tags("area")
    image.add_properties({"kind": "sum"})
    with pytest.raises(WebserviceException, match="kind already"):
        image.add_properties({"kind": "other"})
    again = Image(own.ws, "my-image")
    assert (again.tags, again.properties, again.description) == ({"more": "1"}, {"kind": "sum"}, "a test")
    assert own.ws.images["my-image"].id == Image(own.ws, id="my-image:1").id == image.id
    assert [i.id for i in Image.list(own.ws, model_name="factor", tags=[["more", "1"]])] == ["my-image:1"]
    assert Image.list(own.ws, tags=["area"]) == []
    assert Image.deserialize(own.ws, image.serialize()).id == image.id

    configured = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, tags={"t": "1"})
    with pytest.warns(DeprecationWarning, match="Model.deploy"):
        service = Webservice.deploy_from_image(own.ws, "from-image", image, configured)
    service.wait_for_deployment(True)
    assert service.run(json.dumps({"data": [1, 2]})) == [103, 105]
    assert (service.image_id, service.tags, service.state) == ("my-image:1", {"t": "1"}, "Healthy")
    assert (service.image.id, service.serialize()["imageDetails"]["name"]) == ("my-image:1", "my-image")
    assert [s.name for s in Webservice.list(own.ws, image_id="my-image:1")] == ["from-image"]
    assert [s.name for s in Webservice.list(own.ws, image_name="my-image")] == ["from-image"]
    assert Webservice.list(own.ws, image_name="other") == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_service_of_an_image_is_updated_to_another_image_and_by_nothing_else(own: Deployer) -> None:
    image = Image.create(own.ws, "first-image", [factor(own, 2)], configuration())
    service = Webservice.deploy_from_image(own.ws, "image-service", image)
    service.wait_for_deployment()
    config = configuration()
    written("beside.py", "offset = 1000\n")
    service.update(image=Image.create(own.ws, "second-image", [factor(own, 2)], config), tags={"a": "b"})
    service.wait_for_deployment()
    assert service.run('{"data": [1]}') == [1102]
    service.update(tags={"c": "d"})
    service.update_deployment_state()
    assert (service.image_id, service.tags) == ("second-image:1", {"c": "d"})
    with pytest.raises(WebserviceException, match="deployed from an image: update its image"):
        service.update(inference_config=own.inference())
    other = own.deploy("plain-service", AciWebservice.deploy_configuration())
    with pytest.raises(WebserviceException, match="deployed from an environment: update its inference_config"):
        other.update(image=image)


def test_each_image_of_a_name_is_a_version_and_numbers_are_never_given_again(own: Deployer) -> None:
    first, second = (Image.create(own.ws, "versions", [], configuration()) for _ in range(2))
    assert (first.version, second.version) == (1, 2)
    second.delete()
    third = ContainerImage.create(own.ws, "versions", [], configuration(tags={"n": 3}))
    assert (third.version, Image(own.ws, "versions").id) == (3, "versions:3")
    assert [image.version for image in Image.list(own.ws, image_name="versions")] == [3, 1]
    assert Image(own.ws, "versions", tags=[["n", "3"]]).version == 3
    assert Image(own.ws, "versions", version=1).version == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_image_outlives_its_models(own: Deployer) -> None:
    model = factor(own, 6)
    image = Image.create(own.ws, "with-model", [model], configuration())
    assert [each.id for each in image.models] == [model.id]
    model.delete()
    assert (image.models, image.model_ids) == ([], [model.id])
    service = Webservice.deploy_from_image(own.ws, "without-model", image)
    service.wait_for_deployment()
    assert service.run('{"data": [1]}') == [107]


@pytest.mark.parametrize("asked", [{"name": "missing"}, {"id": "missing:1"}, {"name": "missing", "tags": ["x"]}])
def test_an_image_that_is_not_there_says_so_first(asked: dict[str, Any], own: Deployer) -> None:
    with pytest.raises(WebserviceException) as caught:
        Image(own.ws, **asked)
    assert caught.value.message.startswith("ImageNotFound")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_models_and_files_are_deployed_by_way_of_an_image(own: Deployer) -> None:
    service = Webservice.deploy_from_model(
        workspace=own.ws,
        name="from-model",
        deployment_config=None,
        models=[factor(own, 3)],
        image_config=configuration(),
    )
    service.wait_for_deployment()
    assert service.run('{"data": [1]}') == [104]
    with pytest.raises(WebserviceException, match="exists already"):
        Webservice.deploy_from_model(own.ws, "from-model", [factor(own, 3)], configuration())

    written("factor", "5")
    service = Webservice.deploy(own.ws, "from-files", ["factor"], configuration())
    service.wait_for_deployment()
    assert service.run('{"data": [1]}') == [106]
    assert service.models[0].name == "factor"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_local_service_comes_from_models_and_an_image_configuration(own: Deployer) -> None:
    service = Webservice.deploy_local_from_model(own.ws, "local-old", [factor(own, 4)], configuration(), wait=True)
    assert isinstance(service, LocalWebservice)
    assert (service.state, service.run('{"data": [1]}')) == ("running", [105])
    local = LocalWebservice.deploy_configuration()
    for call in (Webservice.deploy, Webservice.deploy_from_model):
        with pytest.raises(WebserviceException, match="takes no Local configuration"):
            call(own.ws, "local-no", [], configuration(), local)
    with pytest.raises(WebserviceException, match="takes no Local configuration"):
        Webservice.deploy_from_image(own.ws, "local-no", Image.create(own.ws, "local-no", [], configuration()), local)


@pytest.mark.parametrize("name", ["ab", "A-image", "-image", "image-", "../image", "a" * 33, None])
def test_a_bad_name_is_refused_before_any_work(name: Any, own: Deployer) -> None:
    with pytest.raises(WebserviceException, match="cannot name an image"):
        Image.create(own.ws, name, [], configuration())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"runtime": ""}, "needs a runtime"),
        ({"runtime": "perl"}, "runtime='perl'"),
        ({"conda_file": "missing.yml"}, "missing.yml"),
        ({"docker_file": "missing"}, "missing"),
        ({"schema_file": "missing.json"}, "no file or folder .*missing.json"),
        ({"dependencies": ["missing"]}, "no file or folder .*missing"),
        ({"execution_script": "missing.py"}, "No entry script 'missing.py'"),
    ],
)
def test_a_configuration_is_checked_when_it_is_made(change: dict[str, Any], why: str, own: Deployer) -> None:
    given = {"execution_script": written("score.py", SCORE), "runtime": "python", **change}
    with pytest.raises(WebserviceException, match=why):
        ContainerImage.image_configuration(**given)


def test_a_script_that_does_not_parse_is_found_at_once(own: Deployer) -> None:
    with pytest.raises(UserErrorException, match="line 1"):
        ContainerImage.image_configuration(written("score.py", "def init(:"), "python")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_environment_that_cannot_be_had_is_the_images_state(own: Deployer) -> None:
    text = "dependencies: [pip: ['no-such-package-of-anybody==1.0', --no-index]]"
    config = configuration()
    config.conda_file = written("impossible.yml", text)
    image = Image.create(own.ws, "impossible", [], config)
    assert image.creation_state == "Failed"
    with pytest.raises(WebserviceException, match="no-such-package-of-anybody"):
        image.wait_for_creation()
    with pytest.raises(WebserviceException, match="in state Failed"):
        Webservice.deploy_from_image(own.ws, "impossible-service", image)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_no_image_or_configuration_is_named(own: Deployer) -> None:
    with pytest.raises(WebserviceException, match="image is 'x'"):
        Webservice.deploy_from_image(own.ws, "no-image", "x")
    with pytest.raises(WebserviceException, match="image_config is None"):
        Image.create(own.ws, "no-config", [], None)
    with pytest.raises(NotImplementedError, match="deploy_from_image"):
        Image.create(own.ws, "no-run", [], configuration()).run("{}")
