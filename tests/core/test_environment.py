"""Environment: one row for each line of v1's table, and what a deployment gets of it."""

from __future__ import annotations

import io
import json
import logging
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))

from deployer import deployer
from wheelhouse import make_wheel

from jupyter_mldeploy.core.conda_dependencies import CondaDependencies
from jupyter_mldeploy.core.container_registry import ContainerRegistry
from jupyter_mldeploy.core.environment import (
    DEFAULT_CPU_IMAGE,
    DockerBuildContext,
    DockerImageDetails,
    Environment,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
)
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException, WebserviceException
from jupyter_mldeploy.core.model import Model
from jupyter_mldeploy.core.workspace import Workspace
from jupyter_mldeploy.specs import EnvironmentSpec


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("MLDEPLOY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Workspace.create("lab", exist_ok=True)


def test_a_new_environment_has_v1s_shape() -> None:
    env = Environment("lab")
    assert (env.name, env.version, env.asset_id, env.inferencing_stack_version, env.r) == (
        "lab",
        None,
        None,
        None,
        None,
    )
    assert env.environment_variables == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert (env.python.user_managed_dependencies, env.python.interpreter_path) == (False, "python")
    assert env.python.conda_dependencies is not None
    assert env.python.conda_dependencies_file is None
    assert env.docker.base_image == DEFAULT_CPU_IMAGE
    assert (env.docker.base_dockerfile, env.docker.build_context) == (None, None)
    assert vars(env.docker.base_image_registry) == {"address": None, "username": None, "password": None}
    assert (env.docker.platform.os, env.docker.platform.architecture) == ("Linux", "amd64")
    assert (env.docker.enabled, env.docker.shm_size, env.docker.arguments) == (False, "2g", [])
    assert env.spark is not None
    assert env.databricks is not None


@pytest.mark.parametrize("name", [None, 3, ["lab"]])
def test_a_name_that_is_no_text_is_a_type_error(name: Any) -> None:
    with pytest.raises(TypeError):
        Environment(name)


def test_assigning_all_variables_works_with_a_warning_and_one_item_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    env = Environment("lab")
    env.environment_variables["A"] = "1"
    assert caplog.records == []
    env.environment_variables = {"B": "2"}
    assert "deprecated" in caplog.text
    assert env.environment_variables == {"B": "2"}


@pytest.mark.parametrize("given", ["text", "path", "open file"])
def test_a_dockerfile_is_stored_as_text_however_it_is_given(tmp_path: Path, given: str) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM scratch\n")
    env = Environment("lab")
    env.docker.base_dockerfile = {
        "text": "FROM scratch\n",
        "path": str(path),
        "open file": io.StringIO("FROM scratch\n"),
    }[given]
    assert env.docker.base_dockerfile == "FROM scratch\n"


def test_the_three_sources_of_an_image_exclude_each_other_and_clearing_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    docker = Environment("lab").docker
    docker.base_dockerfile = "FROM scratch\n"
    assert docker.base_image is None
    assert "base_image is cleared" in caplog.text
    docker.build_context = DockerBuildContext("git", "https://example.org/x.git")
    assert docker.base_dockerfile is None
    docker.base_image = "example/image:1"
    assert docker.build_context is None
    caplog.clear()
    docker.base_image = None
    docker.base_dockerfile = "FROM scratch\n"
    assert caplog.records == []


@pytest.mark.parametrize("name", ["enabled", "shm_size", "arguments", "shared_volumes", "gpu_support"])
def test_the_old_docker_settings_are_accepted_with_a_warning(name: str, caplog: pytest.LogCaptureFixture) -> None:
    docker = Environment("lab").docker
    setattr(docker, name, True)
    assert "deprecated" in caplog.text
    assert getattr(docker, name) is True


def test_register_gives_versions_and_the_same_content_is_the_same_version(
    ws: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    env = Environment("lab")
    first = env.register(ws)
    assert (env.version, first.version) == (None, "1")
    assert env.register(ws).version == "1"
    env.environment_variables["A"] = "1"
    assert env.register(workspace=ws).version == "2"
    del env.environment_variables["A"]
    assert env.register(ws).version == "1"
    env.version = "77"
    assert env.register(ws).version == "1"
    assert "77" in caplog.text


def test_get_finds_the_latest_a_version_and_a_label(ws: Workspace) -> None:
    env = Environment("lab")
    for value in "123":
        env.environment_variables["V"] = value
        env.register(ws)
    Environment.label(ws, "lab", "2", ["good", "used"])
    assert Environment.get(ws, "lab").environment_variables["V"] == "3"
    assert Environment.get(ws, "lab", "1").environment_variables["V"] == "1"
    assert Environment.get(ws, "lab", label="good").version == "2"
    assert Environment.get(ws, "lab", label="latest").version == "3"
    assert ws.environments["lab"].version == "3"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda ws: Environment.get(ws, "lab", version="1", label="x"), "not both"),
        (lambda ws: Environment.get(ws, "absent"), "Registered environments: lab."),
        (lambda ws: Environment.get(ws, "lab", version="9"), "Versions: 1."),
        (lambda ws: Environment.get(ws, "lab", label="x"), "Labels: latest."),
        (lambda ws: Environment.label(ws, "lab", "9", ["x"]), "Versions: 1."),
        (lambda ws: Environment.label(ws, "lab", "1", ["latest"]), "latest"),
        (lambda ws: Environment("").register(ws), "name"),
        (lambda ws: Environment("x" * 300).register(ws), "too long"),
        (lambda ws: Environment("lab").clone(""), "name"),
        (lambda ws: Environment.from_dockerfile("x", "FROM y", "a.yml", "b.txt"), "not both"),
        (lambda ws: Environment.from_docker_image("x", "y", None, "a.yml", "b.txt"), "not both"),
        (lambda ws: Environment.from_conda_specification("x", "gone.yml"), "gone.yml"),
        (lambda ws: Environment.from_pip_requirements("x", "gone.txt"), "gone.txt"),
        (lambda ws: Environment.add_private_pip_wheel(ws, "gone.whl"), "gone.whl"),
        (lambda ws: DockerBuildContext.from_local_directory(ws, "."), "Dockerfile"),
    ],
)
def test_what_v1_refuses_is_refused_and_says_what_there_is(ws: Workspace, call: Any, says: str) -> None:
    Environment("lab").register(ws)
    with pytest.raises(UserErrorException) as caught:
        call(ws)
    assert says in caught.value.message


@pytest.mark.parametrize("name", ["../../outside", "a/b", ".hidden", "..", "spaced name", "schön"])
def test_any_text_is_a_name_and_stays_inside_the_workspace(ws: Workspace, name: str, tmp_path: Path) -> None:
    Environment(name).register(ws)
    assert Environment.get(ws, name).name == name
    assert name in Environment.list(ws)
    stored = [path for path in tmp_path.rglob("1.json") if "registered-environments" in path.parts]
    assert [path.parents[1].name for path in stored] == ["registered-environments"]


def test_what_is_registered_may_hold_a_registrys_password_so_only_its_owner_reads_it(ws: Workspace) -> None:
    env = Environment("lab")
    env.docker.base_image_registry.password = "s3cret"
    env.register(ws)
    (path,) = ws._home.path.rglob("registered-environments/lab/1.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Environment.get(ws, "lab").docker.base_image_registry.password == "s3cret"
    assert "s3cret" not in repr(env) + repr(env.docker.base_image_registry) + repr(env._spec())


def test_two_threads_that_register_at_once_get_versions_of_their_own(ws: Workspace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def registered(value: int) -> str | None:
        env = Environment("lab")
        env.environment_variables["V"] = str(value)
        return env.register(ws).version

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(registered, range(8)))
    assert sorted(versions, key=str) == [str(number) for number in range(1, 9)]


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("AzureML-Minimal", []),
        ("AzureML-Tutorial", ["scikit-learn", "pandas", "numpy", "matplotlib", "joblib"]),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", ["scikit-learn", "pandas", "numpy", "joblib"]),
        ("AzureML-Scikit-learn-0.20.3", ["scikit-learn", "pandas", "numpy", "joblib"]),
        ("AzureML-minimal-ubuntu18.04-py37-cpu-inference", []),
        ("AzureML-PyTorch-1.3-CPU", ["torch", "torchvision", "numpy", "pandas"]),
        ("AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu", ["torch", "torchvision", "numpy", "pandas"]),
        ("AzureML-TensorFlow-2.0-GPU", ["tensorflow", "numpy", "pandas"]),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", ["lightgbm", "scikit-learn", "pandas", "numpy", "joblib"]),
        (
            "AzureML-xgboost-0.9-ubuntu18.04-py37-cpu-inference",
            ["xgboost", "scikit-learn", "pandas", "numpy", "joblib"],
        ),
        ("azureml-onnxruntime-1.6-ubuntu18.04-py37-cpu-inference", ["onnxruntime", "numpy"]),
    ],
)
def test_a_curated_name_gives_what_it_means_today_and_says_so(
    ws: Workspace, name: str, packages: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    env = Environment.get(workspace=ws, name=name)
    assert (env.name, env.version) == (name, "1")
    assert list(env._spec().pip) == ["azureml-defaults", *packages]
    said = capsys.readouterr().out
    assert f"{name} stands here for" in said
    assert ("A GPU is used where" in said) == ("gpu" in name.lower() or "cuda" in name)
    assert "AzureML-Minimal" in ws.environments
    assert env.clone("mine").register(ws).version == "1"


@pytest.mark.parametrize(
    "name", ["AzureML-Triton", "AzureML-PySpark-MmlSpark-0.15", "AzureML-Designer", "AzureML-AutoML"]
)
def test_a_curated_name_without_counterpart_is_refused_by_name_with_the_reason(ws: Workspace, name: str) -> None:
    with pytest.raises(UserErrorException, match=f"{name}' has no counterpart here: "):
        Environment.get(ws, name)


def test_every_curated_name_that_is_listed_can_be_fetched_and_printed(ws: Workspace) -> None:
    for name, listed in Environment.list(ws).items():
        assert listed.python.conda_dependencies is not None
        assert "azureml-defaults" in listed.python.conda_dependencies.serialize_to_string()
        assert repr(Environment.get(ws, name)) == repr(listed)


def test_an_own_environment_of_a_curated_name_wins(ws: Workspace) -> None:
    env = Environment("AzureML-Minimal")
    env.environment_variables["MINE"] = "yes"
    env.register(ws)
    assert Environment.get(ws, "AzureML-Minimal").environment_variables["MINE"] == "yes"


def test_what_v1_kept_for_spark_and_r_is_accepted_stored_and_comes_back(ws: Workspace, tmp_path: Path) -> None:
    env = Environment("lab")
    env.r = RSection()
    env.r.cran_packages = [RCranPackage("ggplot2", "3.3")]
    env.r.github_packages = [RGitHubPackage("owner/name", "s3cret-token")]
    env.spark.packages = [SparkPackage("com.example", "lab", "1.0")]
    assert "s3cret-token" not in repr(env)
    env.save_to_directory(str(tmp_path / "saved"))
    for again in (env.register(ws), Environment.load_from_directory(str(tmp_path / "saved")), env.clone("lab")):
        assert json.loads(repr(again))["r"]["cranPackages"] == [
            {"name": "ggplot2", "version": "3.3", "repository": None}
        ]
        assert json.loads(repr(again))["spark"]["packages"][0]["artifact"] == "lab"


def test_a_clone_is_deep_and_not_registered(ws: Workspace) -> None:
    env = Environment("lab").register(ws)
    cloned = env.clone("other")
    assert (cloned.name, cloned.version, cloned.asset_id) == ("other", None, None)
    cloned.environment_variables["A"] = "1"
    assert cloned.python.conda_dependencies is not None
    cloned.python.conda_dependencies.add_pip_package("six")
    assert "A" not in env.environment_variables
    assert "six" not in env._spec().pip


def test_a_conda_file_without_python_gets_v1s_default_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "env.yml"
    path.write_text("dependencies: [numpy]\n")
    env = Environment.from_conda_specification("lab", str(path))
    assert env._spec().python == "3.10.18"
    assert "3.10.18" in caplog.text
    path.write_text("dependencies: ['python>=3.9', numpy]\n")
    assert Environment.from_conda_specification("lab", str(path))._spec().python == ">=3.9"


def test_the_course_file_becomes_the_spec_that_deployments_use(tmp_path: Path) -> None:
    path = tmp_path / "diabetes_env.yml"
    path.write_text(
        "name: diabetes_env\ndependencies:\n- python=3.6.2\n- scikit-learn\n- pip\n- pip:\n  - azureml-defaults\n"
    )
    assert Environment.from_conda_specification(name="diabetes_env", file_path=str(path))._spec() == EnvironmentSpec(
        name="diabetes_env",
        python="3.6.2",
        conda=("scikit-learn", "pip"),
        pip=("azureml-defaults",),
        variables={"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
    )


def test_pip_requirements_are_all_there_is_and_conda_gets_pip(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# mine\nsix==1.16.0  # pinned\n\n--extra-index-url https://example.org/simple\nnumpy \\\n  >=1.26\n"
    )
    spec = Environment.from_pip_requirements("lab", str(path))._spec()
    assert spec.pip == ("six==1.16.0", "numpy >=1.26")
    assert spec.pip_options == ("--extra-index-url https://example.org/simple",)
    assert spec.conda == ("pip",)
    assert Environment.from_pip_requirements("lab", str(path), "20.2")._spec().conda == ("pip=20.2",)


def test_files_named_inside_files_are_read_and_paths_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/more.txt").write_text("--pre\nsix\n./own-1.0-py3-none-any.whl\n")
    (tmp_path / "sub/own-1.0-py3-none-any.whl").touch()
    (tmp_path / "env.yml").write_text("dependencies: [python=3.11, {pip: [-r sub/more.txt, numpy, -f ./sub]}]\n")
    spec = Environment.from_conda_specification("lab", str(tmp_path / "env.yml"))._spec()
    assert spec.pip == ("numpy", "six", f"{tmp_path}/sub/own-1.0-py3-none-any.whl")
    assert spec.pip_options == ("--pre", f"-f {tmp_path}/sub")


def test_an_existing_conda_environment_is_none_when_conda_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert Environment.from_existing_conda_environment("lab", "base") is None
    assert "conda is not installed" in capsys.readouterr().out


def test_an_existing_conda_environment_is_read_from_condas_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conda = tmp_path / "conda"
    conda.write_text(
        '#!/bin/sh\n[ "$5" = base ] || exit 1\n'
        'printf "name: base\\nchannels: [defaults]\\ndependencies: [python=3.11.4, numpy=1.26.4]\\nprefix: /opt\\n"\n'
    )
    conda.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    env = Environment.from_existing_conda_environment("lab", "base")
    assert env is not None
    assert (env._spec().python, env._spec().conda) == ("3.11.4", ("numpy=1.26.4",))
    assert Environment.from_existing_conda_environment("lab", "absent") is None


def test_docker_forms_keep_their_source_and_without_packages_manage_themselves(tmp_path: Path, ws: Workspace) -> None:
    (tmp_path / "r.txt").write_text("six\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    by_text = Environment.from_dockerfile("lab", "FROM scratch\n")
    assert (by_text.docker.base_dockerfile, by_text.python.user_managed_dependencies) == ("FROM scratch\n", True)
    registry = ContainerRegistry()
    registry.address = "example.org"
    image = Environment.from_docker_image("lab", "example/image:1", registry, pip_requirements=str(tmp_path / "r.txt"))
    assert (image.docker.base_image, image.python.user_managed_dependencies) == ("example/image:1", False)
    assert image._spec().docker == {"base_image": "example/image:1", "registry": "example.org"}
    context = DockerBuildContext.from_local_directory(ws, str(tmp_path))
    built = Environment.from_docker_build_context("lab", context)
    assert built._spec().user_managed
    assert built._spec().docker["build_context"]["location"] == str(tmp_path)


def test_a_managed_interpreter_and_no_packages_at_all_are_told_apart() -> None:
    env = Environment("lab")
    env.python.user_managed_dependencies = True
    assert (env._spec().user_managed, env._spec().interpreter) == (True, "")
    env.python.interpreter_path = sys.executable
    assert env._spec().interpreter == sys.executable
    env.python.user_managed_dependencies = False
    env.python.conda_dependencies = None
    with pytest.raises(UserErrorException, match="user_managed_dependencies"):
        env._spec()


def test_setting_a_conda_file_reads_it_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [python=3.9]\n")
    env = Environment("lab")
    env.python.conda_dependencies_file = str(tmp_path / "env.yml")
    assert "deprecated" in caplog.text
    assert env._spec().python == "3.9"


def test_a_spec_comes_back_as_an_environment(tmp_path: Path) -> None:
    env = Environment("lab")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["six"], conda_packages=["numpy=1.26"])
    env.docker.base_image = "example/image:1"
    env.inferencing_stack_version = "latest"
    assert Environment._from_spec(env._spec())._spec() == env._spec()


def test_a_private_wheel_gets_a_url_that_can_stand_among_pip_packages(ws: Workspace, tmp_path: Path) -> None:
    wheel = tmp_path / "own-1.0-py3-none-any.whl"
    wheel.write_bytes(b"one")
    url = Environment.add_private_pip_wheel(ws, str(wheel))
    assert url.startswith("file://")
    assert Path(url.removeprefix("file://")).read_bytes() == b"one"
    wheel.write_bytes(b"two")
    with pytest.raises(UserErrorException, match="exist_ok"):
        Environment.add_private_pip_wheel(ws, file_path=str(wheel))
    assert Environment.add_private_pip_wheel(ws, str(wheel), exist_ok=True) == url
    assert Path(url.removeprefix("file://")).read_bytes() == b"two"


def test_a_private_wheel_serves_also_after_its_own_file_is_gone(ws: Workspace, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "dist", "labpkg", says="from the workspace")
    env = Environment("with a wheel")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-defaults"])
    assert env.python.conda_dependencies is not None
    env.python.conda_dependencies.add_pip_package(Environment.add_private_pip_wheel(ws, str(wheel)))
    wheel.unlink()
    script = "import labpkg\ndef init():\n    pass\n\ndef run(raw_data):\n    return labpkg.SAYS\n"
    with deployer(ws, tmp_path) as own:
        config = own.inference(script)
        config.environment = env
        service = Model.deploy(ws, "with-a-wheel", [], config)
        service.wait_for_deployment()
        assert service.run("{}") == "from the workspace"


def test_a_wheel_that_left_the_workspace_is_named_before_any_work(ws: Workspace, tmp_path: Path) -> None:
    env = Environment("lab")
    gone = (tmp_path / "gone-1.0-py3-none-any.whl").as_uri()
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=[gone])
    with pytest.raises(UserErrorException, match="there is no file 'file:///"):
        env.build(ws)


def test_build_registers_and_makes_the_environment(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    env = Environment("lab")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["pytest"])
    details = env.build(ws).wait_for_completion(show_output=True)
    assert details.status == "Succeeded"
    assert "is ready" in details.get_log()
    assert details.get_log() in capsys.readouterr().out
    assert Environment.get(ws, "lab").version == "1"


def test_a_build_that_cannot_be_raises_its_reason_and_reads_failed(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(ws._home.path))
    env = Environment("lab")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["no-such-package-anywhere"])
    details = env.build(ws)
    with pytest.raises(WebserviceException, match="no-such-package-anywhere"):
        details.wait_for_completion(show_output=False)
    assert details.status == "Failed"
    assert "no-such-package-anywhere" in details.get_log()


def test_build_local_shows_what_it_does_and_pushes_no_image(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    env = Environment("lab")
    env.python.user_managed_dependencies = True
    env.build_local(ws, useDocker=True)
    assert "is ready" in capsys.readouterr().out
    with pytest.raises(NotAvailableException):
        env.build_local(ws, pushImageToWorkspaceAcr=True)


def test_image_details_tell_the_python_that_serves_and_that_no_image_was_made(ws: Workspace) -> None:
    env = Environment.from_dockerfile("lab", "FROM scratch\n")
    details = env.get_image_details(ws)
    assert isinstance(details, DockerImageDetails)
    assert details.image_exist is False
    assert details["imageExistsInRegistry"] is False
    assert details.interpreter_path == sys.executable
    assert details.environment_path == str(Path(sys.executable).parents[1])
    assert details.dockerfile == "FROM scratch\n"
    known = DockerImageDetails(imageExistsInRegistry=True, dockerImage={"name": "n", "registry": "r"})
    assert (known.image_exist, known.image, known.repository, known.registry) == (True, "n", "n", "r")


def test_image_details_of_what_was_not_built_yet_name_no_python(ws: Workspace, tmp_path: Path) -> None:
    env = Environment("lab")
    wheel = make_wheel(tmp_path, "labpkg")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=[str(wheel)])
    assert env.get_image_details(ws).interpreter_path is None
    env.build_local(ws)
    assert str(env.get_image_details(ws).interpreter_path).startswith(str(ws._home.environments))


def test_an_environment_comes_back_from_its_folder(tmp_path: Path) -> None:
    env = Environment.from_dockerfile("lab", "FROM scratch\n")
    env.environment_variables["A"] = "1"
    env.save_to_directory(str(tmp_path / "saved"))
    names = sorted(path.name for path in (tmp_path / "saved").iterdir())
    assert names == ["BaseDockerfile", "azureml_environment.json", "conda_dependencies.yml"]
    loaded = Environment.load_from_directory(str(tmp_path / "saved"))
    assert repr(loaded) == repr(env)
    with pytest.raises(FileExistsError):
        env.save_to_directory(str(tmp_path / "saved"))
    Environment("other").save_to_directory(str(tmp_path / "saved"), overwrite=True)
    assert Environment.load_from_directory(str(tmp_path / "saved")).docker.base_dockerfile is None
    with pytest.raises(FileNotFoundError):
        Environment.load_from_directory(str(tmp_path))


def test_str_shows_name_and_version_and_repr_is_sorted_json(ws: Workspace) -> None:
    env = Environment("lab").register(ws)
    assert "lab" in str(env)
    assert "1" in str(env)
    content = json.loads(repr(env))
    assert list(content) == sorted(content)
    assert content["python"]["condaDependencies"]["dependencies"] == ["python=3.8.13", {"pip": ["azureml-defaults"]}]
    assert repr(env).startswith('{\n    "assetId"')


def test_making_an_environment_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Environment("lab")._spec()
    assert caplog.records == []
