"""`Model.package`: a folder that `docker build` builds, started here as its Dockerfile would."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from deployer import Deployer, deployer

from jupyter_mldeploy import image
from jupyter_mldeploy.core import Environment, Model, Workspace
from jupyter_mldeploy.core.exceptions import UserErrorException, WebserviceException
from jupyter_mldeploy.core.model import InferenceConfig, ModelPackage
from jupyter_mldeploy.errors import EnvironmentUnresolvable
from jupyter_mldeploy.specs import Bundle, EnvironmentSpec, Lock

READS = """
    import os
    from azureml.core.model import Model

    def init():
        global text
        text = open(Model.get_model_path("word")).read() + os.environ["AZUREML_MODEL_DIR"]

    def run(raw_data):
        return text + raw_data
"""


@pytest.fixture
def own(ws: Workspace, tmp_path: Path) -> Iterator[Deployer]:
    with deployer(ws, tmp_path) as made:
        yield made


def package(own: Deployer, **more: Any) -> ModelPackage:
    path = own.folder / "word"
    path.write_text("hello ")
    return Model.package(own.ws, [str(path)], own.inference(READS, **more), generate_dockerfile=True)


def test_the_saved_folder_has_what_v1s_had_and_serves(own: Deployer, tmp_path: Path) -> None:
    made = package(own)
    made.wait_for_creation(show_output=True)
    assert (made.state, made.error, made.generate_dockerfile) == ("Succeeded", None, True)
    made.save(str(tmp_path / "context"))
    context = tmp_path / "context"
    assert made.location == str(context)
    version = Model(own.ws, "word").version
    assert (context / f"azureml-app/azureml-models/word/{version}/word").read_text() == "hello "
    assert (context / "azureml-app/main.py").is_file()
    assert (context / "azureml-app" / own.folder.name / "score.py").is_file()

    text = (context / "Dockerfile").read_text()
    assert text.startswith("# Made by") and "EXPOSE 5001" in text
    copied = re.findall(r"^COPY (?:--chown=\S+ )?([^-\s]\S*) ", text, re.M)
    assert all((context / name).exists() for name in copied), copied
    with started(context, tmp_path, text) as address:
        answer = requests.post(f"{address}/score", "!", timeout=10)
        assert answer.json() == f"hello {tmp_path}/var/azureml-app/azureml-models/word/{version}!"


class started:
    """The image's file system below a folder, and its command: what is at /opt and /var there is below the folder."""

    def __init__(self, context: Path, folder: Path, dockerfile: str) -> None:
        self.port = free_port()
        for source, target in re.findall(r"^COPY (?:--chown=\S+ )?([^-\s]\S*) (\S+)$", dockerfile, re.M):
            place = folder / target.lstrip("/") / ("" if (context / source).is_dir() else Path(source).name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(context / source)
        front = json.loads(
            (context / "front.json").read_text().replace("/var/azureml-app", f"{folder}/var/azureml-app")
        )
        assert (front["port"], front["host"]) == (5001, "0.0.0.0")
        front |= {"port": self.port, "host": "127.0.0.1"}
        front["app"]["python"] = sys.executable
        (folder / "front.json").write_text(json.dumps(front))
        (command,) = re.findall(r"^CMD (.*)$", dockerfile, re.M)
        assert json.loads(command)[1:] == ["-m", "mldeploy_server", "/opt/service/front.json"]
        path = re.findall(r"^ENV PYTHONPATH=(\S+)", dockerfile, re.M)[0]
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", RUN, str(folder / path.lstrip("/")), str(folder / "front.json")]
        )

    def __enter__(self) -> str:
        address = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(address, timeout=5).status_code == 200:
                    return address
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError(f"it did not come up: {self.process.poll()}")

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        self.process.wait(20)


RUN = """
import site, sys
site.main()
folder, config = sys.argv[1:]
sys.path.insert(0, folder)
sys.modules["jupyter_mldeploy"] = None  # the server stands alone
from mldeploy_server.front.main import main
sys.exit(main([config]))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_saving_again_replaces_a_package_and_nothing_else(own: Deployer, tmp_path: Path) -> None:
    made = package(own)
    made.save(str(tmp_path / "deep" / "context"))
    made.save(str(tmp_path / "deep" / "context"))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WebserviceException, match="is a file"):
        made.save(str(tmp_path / "file"))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["context"]


def test_saving_beside_files_of_the_users_keeps_them(own: Deployer, tmp_path: Path) -> None:
    made, mine = package(own), tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    made.save(str(mine))
    (mine / "compose.yml").write_text("mine")
    made.save(str(mine))
    assert {"notes.txt", "compose.yml", "Dockerfile", "azureml-app"} <= {path.name for path in mine.iterdir()}
    (mine / "Dockerfile").write_text("FROM mine\n")
    with pytest.raises(WebserviceException, match="holds .*Dockerfile.* already, and no package"):
        made.save(str(mine))
    assert (mine / "Dockerfile").read_text() == "FROM mine\n"


def test_pulling_and_building_images_say_what_to_do(own: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{own.folder}/none.sock")
    with pytest.raises(WebserviceException, match="docker build"):
        package(own).pull()
    with pytest.raises(WebserviceException, match="No Docker engine .*generate_dockerfile=True"):
        Model.package(own.ws, [], own.inference(READS))
    with pytest.raises(WebserviceException, match="cannot name an image"):
        Model.package(own.ws, [], own.inference(READS), image_name="My Image")


def test_without_an_inference_configuration_the_rules_are_those_of_no_code(own: Deployer) -> None:
    with pytest.raises(UserErrorException, match="exactly one model"):
        Model.package(own.ws, [], generate_dockerfile=True)


def test_an_environment_that_cannot_be_had_is_the_packages_state(own: Deployer, tmp_path: Path) -> None:
    environment = Environment("impossible")
    environment.python.conda_dependencies.add_pip_package("no-such-package-of-anybody==1.0")
    environment.python.conda_dependencies.set_pip_option("--no-index")
    (own.folder / "score.py").write_text("def init(): ...\ndef run(raw_data): ...\n")
    config = InferenceConfig("score.py", source_directory=str(own.folder), environment=environment)
    made = Model.package(own.ws, [], config, generate_dockerfile=True)
    assert made.state == "Failed"
    for call in (made.wait_for_creation, lambda: made.save(str(tmp_path / "nothing"))):
        with pytest.raises(WebserviceException, match="no-such-package-of-anybody"):
            call()
    text = made.get_logs()
    assert isinstance(text, str) and "no-such-package-of-anybody" in text
    assert made.get_logs(decode=False, offset=3) == text.encode()[3:]
    assert json.dumps(made.serialize())


def content(docker: dict[str, str], python: str = "3.11.7", options: tuple[str, ...] = ()) -> image.Content:
    environment = EnvironmentSpec(pip=("numpy",), docker=docker)
    return image.Content(
        Bundle("d", "p"), environment, Lock("d", python, "linux", ("numpy==2.0",), options=options), {}
    )


def test_the_dockerfile_follows_the_environments_wishes() -> None:
    plain = image.dockerfile(content({}))
    assert "FROM python:3.11-slim" in plain and plain == image.dockerfile(content({}))
    own = image.dockerfile(content({"base_image": "registry.example/base:1", "extra_steps": "RUN apt-get update"}))
    assert own.index("FROM registry.example/base:1") < own.index("RUN apt-get update") < own.index("uv venv")
    for address in ("registry.example", "https://registry.example/"):
        private = image.dockerfile(content({"base_image": "team/base:1", "registry": address}))
        assert "FROM registry.example/team/base:1 AS" in private
    given = image.dockerfile(content({"base_dockerfile": "FROM scratch AS early\nFROM mine\nRUN true"}))
    assert given.splitlines()[1:4] == ["FROM scratch AS early", "FROM mine AS mldeploy-base", "RUN true"]
    named = image.dockerfile(content({"base_dockerfile": "FROM mine AS own\nRUN true"}))
    assert named.splitlines()[1:4] == ["FROM mine AS own", "RUN true", "FROM own AS mldeploy-base"]
    old = image.dockerfile(content({}, python="3.8.18"))
    assert (
        "uv venv --python 3.8 /opt/service/venv" in old
        and "FROM python:3.12-slim" in old
        and "uv venv --python 3.12 /opt/mldeploy/venv" in old
    )


def test_conda_packages_are_made_from_the_locks_explicit_list() -> None:
    lock = Lock("d", "3.11.7", "linux", ("joblib==1.4",), conda=("https://channel.example/linux-64/numpy-2.conda#0",))
    text = image.dockerfile(image.Content(Bundle("d", "p"), EnvironmentSpec(conda=("numpy",)), lock, {}))
    assert "/opt/build/conda/install.py < /opt/build/conda/packages.json" in text
    assert "uv venv --python 3.11 /opt/service/venv" not in text
    assert "--no-deps --break-system-packages --python /opt/service/venv/bin/python" in text


def test_a_conda_package_of_a_channel_in_a_folder_goes_along(tmp_path: Path) -> None:
    file = tmp_path / "channel/noarch/lab-1.0-0.conda"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a package")
    there = f"{file.as_uri()}#{hashlib.md5(b'a package').hexdigest()}"
    lock = Lock("d", "3.11.7", "linux", conda=(there, "https://channel.example/noarch/b-1-0.conda#2c"))
    (tmp_path / "bundle/source").mkdir(parents=True)
    (tmp_path / "image").mkdir()
    content = image.Content(Bundle("d", str(tmp_path / "bundle")), EnvironmentSpec(), lock, {})
    image.write(content, tmp_path / "image")
    conda = tmp_path / "image/conda"
    assert (conda / "packages/noarch/lab-1.0-0.conda").read_bytes() == b"a package"
    assert json.loads((conda / "packages.json").read_text())["lines"] == [
        f"file:///opt/build/conda/packages/noarch/lab-1.0-0.conda#{there[-32:]}",
        "https://channel.example/noarch/b-1-0.conda#2c",
    ]
    assert (conda / "rattler.txt").read_text().startswith("py-rattler==")
    file.write_bytes(b"another package")
    (tmp_path / "again").mkdir()
    with pytest.raises(EnvironmentUnresolvable, match="has changed"):
        image.write(content, tmp_path / "again")


def test_a_password_of_an_index_is_asked_for_as_a_secret_and_never_written() -> None:
    text = image.dockerfile(content({}, options=("--index-url https://${USER}:${TOKEN}@index.example/simple",)))
    assert "--mount=type=secret,id=TOKEN,env=TOKEN --mount=type=secret,id=USER,env=USER . /opt/build/settings" in text
    assert "--secret id=NAME,env=NAME for TOKEN, USER" in text
