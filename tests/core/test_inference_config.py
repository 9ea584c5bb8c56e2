"""InferenceConfig: every check of v1's table in its order, and what the lower floors are given."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path

import pytest

from jupyter_mldeploy.core import Environment
from jupyter_mldeploy.core.exceptions import NotAvailableException, UserErrorException, WebserviceException
from jupyter_mldeploy.core.model import InferenceConfig
from jupyter_mldeploy.specs import EnvironmentSpec, ScriptSpec

CONDA = """name: diabetes_env
dependencies:
- python=3.6.2
- scikit-learn
- pip
- pip:
  - azureml-defaults
"""
SCRIPT = "def init():\n    pass\n\ndef run(raw_data):\n    return raw_data\n"


@pytest.fixture(autouse=True)
def folder(here: Path) -> Path:
    """A service's folder as in the course: a script and a conda file in it."""
    Path("service").mkdir()
    Path("service/score.py").write_text(SCRIPT)
    Path("service/env.yml").write_text(CONDA)
    Path("score.py").write_text(SCRIPT)
    return here


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestChecks:
    """Numbered as in v1's table."""

    @pytest.mark.parametrize(
        "name", ["runtime", "conda_file", "extra_docker_file_steps", "enable_gpu", "cuda_version", "base_image"]
    )
    def test_1_each_argument_of_the_old_form_warns_at_the_callers_line(self, name: str) -> None:
        values = {"runtime": "python", "conda_file": "service/env.yml", "extra_docker_file_steps": "score.py"}
        values |= {"enable_gpu": "x", "cuda_version": "9.0", "base_image": "image"}
        with pytest.warns(DeprecationWarning, match=name) as warned:
            InferenceConfig("score.py", **{name: values[name]})  # type: ignore[arg-type]
        assert len(warned) == 1
        assert warned[0].filename == __file__

    def test_1_a_registry_with_an_address_warns(self) -> None:
        from jupyter_mldeploy.core import ContainerRegistry

        registry = ContainerRegistry()
        registry.address = "registry.example"
        with pytest.warns(DeprecationWarning, match="base_image_registry"):
            InferenceConfig("score.py", base_image_registry=registry)

    def test_1_the_new_form_does_not_warn(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            InferenceConfig("score.py", environment=Environment("e"), description="d", source_directory=".")

    @pytest.mark.parametrize("script", ["", None])
    def test_2_an_empty_entry_script(self, script: str) -> None:
        with pytest.raises(WebserviceException, match="entry_script"):
            InferenceConfig(script, environment=Environment("e"), runtime="python")

    @pytest.mark.parametrize(
        "old",
        [
            {"runtime": "python"},
            {"conda_file": "service/env.yml"},
            {"extra_docker_file_steps": "x"},
            {"enable_gpu": True},
            {"cuda_version": "9.0"},
            {"base_image": "image"},
        ],
        ids=str,
    )
    def test_3_an_environment_excludes_the_old_form(self, old: dict[str, object]) -> None:
        with pytest.raises(WebserviceException, match=next(iter(old))):
            InferenceConfig("missing.py", environment=Environment("e"), **old)  # type: ignore[arg-type]

    def test_4_an_environment_without_azureml_defaults_is_noted_only(self, caplog: pytest.LogCaptureFixture) -> None:
        environment = Environment("e")
        with caplog.at_level(logging.INFO):
            InferenceConfig("score.py", environment=environment)
        assert "azureml-defaults" not in caplog.text
        environment.python.conda_dependencies.remove_pip_package("azureml-defaults")
        with caplog.at_level(logging.INFO):
            InferenceConfig("score.py", environment=environment)
        assert "azureml-defaults" in caplog.text

    def test_5_a_base_image_and_a_base_dockerfile(self) -> None:
        class Both:
            base_image, base_dockerfile = "image", "FROM image"

        environment = Environment("e")
        environment.docker = Both()  # type: ignore[assignment]
        with pytest.raises(WebserviceException, match="Dockerfile"):
            InferenceConfig("missing.py", environment=environment)

    def test_6_the_source_directory_becomes_its_real_path(self) -> None:
        Path("link").symlink_to("service")
        config = InferenceConfig("score.py", source_directory="link")
        assert config.source_directory == os.path.realpath("service")
        for missing in ("nowhere", "score.py", ""):
            with pytest.raises(WebserviceException, match="source_directory") if missing else warnings.catch_warnings():
                InferenceConfig("score.py", source_directory=missing)

    @pytest.mark.parametrize(
        ("script", "source", "said"),
        [
            ("missing.py", None, "the current folder"),
            ("missing.py", "service", "source_directory"),
            ("service/score.py", "service", "source_directory"),
            ("service", None, "the current folder"),
        ],
    )
    def test_7_a_missing_entry_script_says_what_it_is_relative_to(
        self, script: str, source: str | None, said: str
    ) -> None:
        with pytest.raises(WebserviceException, match=f"relative to {said}") as caught:
            InferenceConfig(script, source_directory=source)
        assert script != "missing.py" or "score.py" in caught.value.message

    @pytest.mark.parametrize("name", ["score.txt", "score", "score.PY", "score.pyc"])
    def test_8_another_extension(self, name: str) -> None:
        Path(name).write_text(SCRIPT)
        with pytest.raises(WebserviceException, match=r"\.py"):
            InferenceConfig(name)

    @pytest.mark.parametrize("name", ["my-score.py", "9score.py", "class.py", "a b.py", "a.b.py"])
    def test_9_a_name_that_cannot_be_a_module(self, name: str) -> None:
        Path(name).write_text(SCRIPT)
        with pytest.raises(WebserviceException, match="cannot name one"):
            InferenceConfig(name)

    def test_10_runtimes_in_any_case(self) -> None:
        for runtime in ("python", "Python", "spark-py", "python-slim"):
            assert InferenceConfig("score.py", runtime).runtime == runtime
        with pytest.raises(WebserviceException, match="'R'"):
            InferenceConfig("score.py", "R", cuda_version="1.0")

    def test_11_cuda_versions(self) -> None:
        for version in ("9.0", "9.1", "10.0"):
            InferenceConfig("score.py", cuda_version=version)
        with pytest.raises(WebserviceException, match=r"'11\.0'"):
            InferenceConfig("score.py", cuda_version="11.0", conda_file="missing.yml")

    @pytest.mark.parametrize("name", ["conda_file", "extra_docker_file_steps"])
    def test_12_files_beside_the_script(self, name: str) -> None:
        Path("broken.py").write_text("def (")
        with pytest.raises(WebserviceException, match=name):
            InferenceConfig("broken.py", **{name: "missing"})  # type: ignore[arg-type]
        with pytest.raises(WebserviceException, match=name):
            InferenceConfig("score.py", source_directory="service", **{name: "service/env.yml"})  # type: ignore[arg-type]

    @pytest.mark.parametrize("text", ["def (:\n", "def init():\nreturn\n  x", "x = '\n", "a\0b"])
    def test_13_a_script_that_does_not_parse(self, text: str) -> None:
        Path("broken.py").write_text(f"import json\n{text}")
        with pytest.raises(UserErrorException, match=r"Error") as caught:
            InferenceConfig("broken.py")
        assert "local deployment" in caught.value.message
        assert "\0" in text or "line " in caught.value.message

    def test_14_a_script_that_cannot_be_opened(self) -> None:
        config = InferenceConfig("score.py")
        Path("score.py").unlink()
        with pytest.raises(UserErrorException, match="opened"):
            config.validation_script_content()

    def test_init_and_run_are_not_looked_for_and_nothing_is_imported(self) -> None:
        Path("other.py").write_text("raise SystemExit('imported')")
        InferenceConfig("other.py")
        assert "other" not in sys.modules

    def test_a_script_outside_the_source_folder_is_refused(self) -> None:
        with pytest.raises(WebserviceException, match="outside"):
            InferenceConfig("../score.py", source_directory="service")


def test_arguments_are_kept_under_their_names_in_v1s_order() -> None:
    with pytest.warns(DeprecationWarning):
        config = InferenceConfig(
            "score.py", "python", "env.yml", "env.yml", "service", True, "d", "image", None, "9.0", None
        )
    assert (config.entry_script, config.runtime, config.conda_file) == ("score.py", "python", "env.yml")
    assert (config.extra_docker_file_steps, config.enable_gpu, config.description) == ("env.yml", True, "d")
    assert (config.base_image, config.cuda_version, config.environment) == ("image", "9.0", None)
    assert config.base_image_registry.address is None
    assert "score.py" in repr(config)


def test_a_lone_script_goes_by_its_absolute_path(folder: Path) -> None:
    config = InferenceConfig("./service/score.py", environment=Environment("e"))
    assert config._script_spec() == ScriptSpec(str(folder / "service/score.py"))


@pytest.mark.parametrize("script", ["score.py", "./score.py"])
def test_with_a_source_folder_the_script_is_relative_to_it(folder: Path, script: str) -> None:
    config = InferenceConfig(script, source_directory="service")
    assert config._script_spec() == ScriptSpec("score.py", str(folder / "service"))


def test_the_spec_does_not_change_when_the_notebook_changes_its_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = InferenceConfig("service/score.py")
    monkeypatch.chdir("service")
    assert config._script_spec() == ScriptSpec(str(folder / "service/score.py"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"entry_script": "./service/score.py", "conda_file": "./service/env.yml"},
        {"entry_script": "score.py", "conda_file": "env.yml", "source_directory": "service"},
    ],
    ids=["current folder", "source folder"],
)
def test_both_places_of_a_conda_file_work(arguments: dict[str, str]) -> None:
    with pytest.warns(DeprecationWarning):
        config = InferenceConfig(runtime="python", **arguments)  # type: ignore[arg-type]
    spec = config._environment_spec()
    assert spec.python == "3.6.2"
    assert "scikit-learn" in spec.conda
    assert "azureml-defaults" in spec.pip


def test_an_environment_gives_its_own_spec() -> None:
    environment = Environment("mine")
    environment.environment_variables["A"] = "b"
    spec = InferenceConfig("score.py", environment=environment)._environment_spec()
    assert (spec.name, spec.variables["A"]) == ("mine", "b")
    assert "AZUREML_ENTRY_SCRIPT" not in environment.environment_variables


def test_a_script_alone_asks_for_the_interpreter_as_it_is() -> None:
    assert InferenceConfig("score.py")._environment_spec() == EnvironmentSpec()


def test_wishes_of_the_old_form_for_images_go_along_without_the_password() -> None:
    from jupyter_mldeploy.core import ContainerRegistry

    registry = ContainerRegistry()
    registry.address, registry.username, registry.password = "r.example", "u", "secret"
    Path("steps").write_text("RUN true")
    with pytest.warns(DeprecationWarning):
        config = InferenceConfig(
            "score.py", base_image="image", base_image_registry=registry, extra_docker_file_steps="steps"
        )
    spec = config._environment_spec()
    assert spec.docker == {"base_image": "image", "registry": "r.example", "extra_steps": "RUN true"}
    assert "secret" not in repr(spec)


def test_payloads_of_azure_say_what_to_do_instead() -> None:
    config = InferenceConfig("score.py")
    with pytest.raises(NotAvailableException):
        config.build_create_payload(None, "x", [])
    with pytest.raises(NotAvailableException):
        config.build_profile_payload("x")
