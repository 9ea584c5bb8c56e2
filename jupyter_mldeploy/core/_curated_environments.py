"""Azure's curated environments by name: what each stands for today, or why it has no counterpart here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import EnvironmentNotFound


@dataclass(frozen=True)
class Curated:
    """A name and its `packages`, whose versions are left open: what the notebook has, else the newest."""

    name: str
    packages: tuple[str, ...] = ()

    @property
    def notice(self) -> str:
        """What its name promises and what is had here."""
        text = f"{self.name} stands here for {', '.join(self.packages) or 'this interpreter as it is'}"
        parts = [f"{text}, in the versions at hand."]
        if re.search(r"gpu|cuda", self.name, re.IGNORECASE):
            parts.append("A GPU is used where this machine has one.")
        if re.search(r"mpi|horovod|deepspeed", self.name, re.IGNORECASE):
            parts.append("Nothing is spread over several machines.")
        return " ".join(parts)


_SCIKIT = ("scikit-learn", "pandas", "numpy", "joblib")
_TORCH = ("torch", "torchvision", "numpy", "pandas")
_TENSORFLOW = ("tensorflow", "numpy", "pandas")
# Beginning of the name after "AzureML-", lower case → packages; the first that fits.
_STANDS_FOR = (
    ("minimal", ()),
    ("inference", ()),
    ("tutorial", ("scikit-learn", "pandas", "numpy", "matplotlib", "joblib")),
    ("sklearn", _SCIKIT),
    ("scikit-learn", _SCIKIT),
    ("responsibleai", _SCIKIT),
    ("lightgbm", ("lightgbm", "scikit-learn", "pandas", "numpy", "joblib")),
    ("xgboost", ("xgboost", "scikit-learn", "pandas", "numpy", "joblib")),
    ("mlflow", ("mlflow-skinny", "scikit-learn", "pandas", "numpy")),
    ("onnxruntime", ("onnxruntime", "numpy")),
    ("onnx", ("onnxruntime", "numpy")),
    ("pytorch", _TORCH),
    ("acpt-pytorch", _TORCH),
    ("acpt", _TORCH),
    ("deepspeed", _TORCH),
    ("tensorflow", _TENSORFLOW),
    ("dask", ("dask[complete]", "pandas", "numpy")),
)
_OWN_SCRIPT = "Write an entry script for the model, and name its packages in an Environment of your own."
_HAS_NONE = (
    ("triton", f"it is NVIDIA's Triton server, which does not run here. {_OWN_SCRIPT}"),
    ("designer", f"it runs what Azure's designer draws, and that is not to be had elsewhere. {_OWN_SCRIPT}"),
    ("automl", f"it runs what Azure's automated training made. {_OWN_SCRIPT}"),
    ("hyperdrive", f"it runs Azure's own sweeps over forecasting models. {_OWN_SCRIPT}"),
    ("pyspark", f"no Spark runs here. {_OWN_SCRIPT}"),
    ("vowpalwabbit", f"nobody keeps it up any more. {_OWN_SCRIPT}"),
    ("chainer", f"nobody keeps Chainer up any more. {_OWN_SCRIPT}"),
    ("cntk", f"nobody keeps CNTK up any more. {_OWN_SCRIPT}"),
    ("sidecar", "it is Azure's own plumbing, and no model is served by it."),
)
# The names that listings show; others with the same beginning are found, too.
NAMES = (
    "AzureML-Minimal",
    "AzureML-Tutorial",
    "AzureML-sklearn-1.5",
    "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu",
    "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu",
    "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu-inference",
    "AzureML-Scikit-learn-0.20.3",
    "AzureML-lightgbm-3.3",
    "AzureML-xgboost-0.9-ubuntu18.04-py37-cpu-inference",
    "AzureML-onnxruntime-1.6-ubuntu18.04-py37-cpu-inference",
    "AzureML-minimal-ubuntu18.04-py37-cpu-inference",
    "AzureML-mlflow-ubuntu18.04-py37-cpu-inference",
    "AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu",
    "AzureML-PyTorch-1.6-CPU",
    "AzureML-pytorch-1.6-ubuntu18.04-py37-cpu-inference",
    "AzureML-tensorflow-2.7-ubuntu20.04-py38-cuda11-gpu",
    "AzureML-tensorflow-2.4-ubuntu18.04-py37-cpu-inference",
    "AzureML-TensorFlow-2.3-CPU",
)
_PREFIX = "azureml-"


def find(name: str) -> Curated | None:
    """What `name` stands for, or None when it is none of Azure's names. `EnvironmentNotFound` says why one of them has
    no counterpart here."""
    bare = name.lower()[len(_PREFIX) :] if name.lower().startswith(_PREFIX) else None
    if bare is None:
        return None
    for beginning, reason in _HAS_NONE:
        if bare.startswith(beginning):
            raise EnvironmentNotFound(f"The curated environment {name!r} has no counterpart here: {reason}")
    return next((Curated(name, packages) for beginning, packages in _STANDS_FOR if bare.startswith(beginning)), None)
