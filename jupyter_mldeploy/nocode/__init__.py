"""Deployment without a script: which entry script of ours serves a model by its framework, and in which environment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import InvalidInput
from ..specs import EnvironmentSpec, ModelInfo, ScriptSpec
from .written_by import Writer, writer

SCRIPTS = Path(__file__).parent / "scripts"
FRAMEWORKS = ("Onnx", "ScikitLearn", "TensorFlow")
WITH_SCRIPT = "deploy it with an InferenceConfig, whose entry script loads it as you please"


@dataclass(frozen=True)
class Serving:
    """What serves a model: an entry script, its environment, and what the user should be told about the two."""

    script: ScriptSpec
    environment: EnvironmentSpec
    notices: tuple[str, ...] = ()


def serving(model: ModelInfo, path: Path) -> Serving:
    """How to serve `model`, which lies at `path`. Raises `InvalidInput` for what has no script here."""
    kind = (model.framework or "").lower()
    if kind == "multi":
        raise InvalidInput(
            f"Model {model.id} has the framework Multi, which Azure served by Triton. There is no Triton here: "
            f"{WITH_SCRIPT}."
        )
    makers = {"onnx": _onnx, "scikitlearn": _scikit_learn, "tensorflow": _tensorflow}
    if kind not in makers:
        said = f"has the framework {model.framework!r}" if model.framework else "has no model_framework"
        raise InvalidInput(
            f"Model {model.id} {said}, and without an inference configuration only {', '.join(FRAMEWORKS)} can be "
            "served: register it with model_framework=Model.Framework.SCIKITLEARN, ONNX or TENSORFLOW, or "
            f"{WITH_SCRIPT}."
        )
    return makers[kind](model, path)


def is_ours(script: ScriptSpec) -> bool:
    """Whether a service runs one of these scripts."""
    return Path(script.entry_script).parent == SCRIPTS


def _script(name: str) -> ScriptSpec:
    return ScriptSpec(str(SCRIPTS / f"score_{name}.py"))


def _scikit_learn(model: ModelInfo, path: Path) -> Serving:
    """scikit-learn of the version that wrote the file: another one may load it wrongly, or not at all."""
    found = writer(path)
    version = found.version or model.framework_version or ""
    notices = []
    if found.version and model.framework_version not in (None, "", found.version):
        notices.append(
            f"Model {model.id} was registered with scikit-learn {model.framework_version}, and its file was written by "
            f"{found.version}, which serves it."
        )
    pip = [f"scikit-learn=={version}" if version else "scikit-learn", "joblib", *_beside(found)]
    spec = EnvironmentSpec("no-code-scikit-learn", python=found.python(version), pip=tuple(pip))
    return Serving(_script("scikit_learn"), spec, tuple(notices))


def _beside(found: Writer) -> list[str]:
    """What the file itself shows to be needed besides."""
    return (["pandas"] if found.names else []) + (["numpy>=2"] if found.numpy_two else [])


def _onnx(model: ModelInfo, path: Path) -> Serving:
    """Any onnxruntime does: `framework_version` is the version of the format, which files carry themselves."""
    if path.is_dir() and not any(path.rglob("*.onnx")):
        raise InvalidInput(f"Model {model.id} holds no .onnx file. Register the file, or a folder with one.")
    return Serving(_script("onnx"), EnvironmentSpec("no-code-onnx", pip=("numpy", "onnxruntime")))


def _tensorflow(model: ModelInfo, path: Path) -> Serving:
    """The TensorFlow of this interpreter: too large to install unasked."""
    if not path.is_dir() or not any(path.rglob("saved_model.pb")):
        raise InvalidInput(
            f"Model {model.id} is no SavedModel: register the folder that holds saved_model.pb, as "
            f"tf.saved_model.save or model.export write it; for other formats {WITH_SCRIPT}."
        )
    if find_spec("tensorflow") is None:
        raise InvalidInput(
            f"Model {model.id} needs TensorFlow, which is not installed in this Python: pip install tensorflow, then "
            "deploy again. A model converted to ONNX (tf2onnx) needs nothing installed."
        )
    return Serving(_script("tensorflow"), EnvironmentSpec("no-code-tensorflow", user_managed=True))
