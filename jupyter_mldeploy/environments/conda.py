"""Conda package specifications in PyPI's words: the names that differ, what PyPI does not have, and version forms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from ..errors import InvalidInput

# Names that differ; below, those that are the same, and what is no Python package. The rest is taken as it is.
RENAMED = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "torchvision-cpu": "torchvision",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-base": "tensorflow",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "xgboost-cpu": "xgboost",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "matplotlib-base": "matplotlib",
    "seaborn-base": "seaborn",
    "numpy-base": "numpy",
    "dask-core": "dask",
    "msgpack-python": "msgpack",
    "pytables": "tables",
    "psycopg2": "psycopg2-binary",
    "ruamel_yaml": "ruamel.yaml",
    "pyarrow-core": "pyarrow",
    "importlib_metadata": "importlib-metadata",
    "typing_extensions": "typing-extensions",
    "onnxruntime-cpu": "onnxruntime",
    "fbprophet": "prophet",
    "python-graphviz": "graphviz",
    "py-lightgbm": "lightgbm",
}
_SAME = """
altair bokeh catboost click cloudpickle cython dask dill fastapi flask gensim gunicorn h5py imbalanced-learn
inference-schema ipykernel ipython jinja2 joblib jupyter keras lightgbm llvmlite matplotlib mlflow mlflow-skinny
networkx nltk notebook numba numexpr numpy onnx onnxruntime openpyxl packaging pandas pillow plotly polars
protobuf psutil pyarrow pydantic pytest python-dateutil pytz pyyaml requests scikit-image scikit-learn scipy
seaborn setuptools shap six skl2onnx spacy sqlalchemy statsmodels sympy tensorflow textblob threadpoolctl
torchaudio torchvision tqdm transformers typing-extensions ujson urllib3 wheel xgboost xlrd
"""
_NOT_PYTHON = """
blas boost bzip2 c-compiler ca-certificates cmake cuda cuda-toolkit cudatoolkit cudnn cxx-compiler expat ffmpeg
fortran-compiler freetype gcc gcc_linux-64 git glib gxx gxx_linux-64 hdf5 icu intel-openmp jpeg lapack libblas
libcurl libffi libgcc libgcc-ng libgomp libopenblas libpng libprotobuf libsndfile libstdcxx-ng libtiff libxml2
llvm-openmp lz4-c make mesalib mkl nccl ncurses ninja nodejs nomkl openblas openjdk openmp openmpi openssl pandoc
pkg-config postgresql pytorch-cuda pytorch-mutex r-base readline sqlite swig tbb tk unixodbc xz zlib zstd
"""
SAME, NOT_PYTHON = frozenset(_SAME.split()), frozenset(_NOT_PYTHON.split())
INSTALLERS = frozenset({"pip", "conda"})  # uv does their work

_SPEC = re.compile(
    r"^(?:[\w.\-/]+::)?(?P<name>[A-Za-z0-9_][\w.\-]*)\s*"
    r"(?:\[(?P<brackets>[^\]]*)\]|(?P<rest>(?:[=<>!~]|\s).*)?)$"
)


@dataclass(frozen=True)
class Translated:
    """`requirement` is empty for what has no place in a Python environment; `known` that the name was in a table."""

    spec: str
    name: str
    requirement: str
    known: bool = True

    @property
    def changed(self) -> bool:
        return self.spec.replace(" ", "") != self.requirement


def translate(spec: str) -> Translated:
    """Turn one conda specification (`scikit-learn=0.24`, `conda-forge::xgboost>=1.3`) into a PyPI requirement."""
    match = _SPEC.match(spec.strip())
    if match is None:
        raise InvalidInput(
            f"{spec!r} is no conda package specification. Write it like scikit-learn=1.5 or numpy>=1.26."
        )
    name = match["name"].lower()
    if name in NOT_PYTHON or name in INSTALLERS:
        return Translated(spec, name, "")
    requirement = RENAMED.get(name, name) + _versions(spec, match)
    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        raise InvalidInput(
            f"{spec!r}: its version cannot be read. Write it like {name}=1.5 or {name}>=1.26."
        ) from error
    return Translated(spec, name, requirement, name in RENAMED or name in SAME)


def _versions(spec: str, match: re.Match[str]) -> str:
    text = (match["rest"] or "").strip()
    if match["brackets"]:
        found = re.search(r"version\s*=\s*['\"]?([^'\"\]]+)", match["brackets"])
        text = found[1].strip() if found else ""
        text = text if not text or text[0] in "=<>!~" else f"=={text}"
    if "|" in text:
        raise InvalidInput(
            f"{spec!r} offers versions by '|', which PyPI's requirements cannot say. Give one range, like >=1.3,<2."
        )
    return ",".join(filter(None, (_version(part.strip()) for part in text.split(","))))


def _version(part: str) -> str:
    """One clause: conda's `=1.2` means `1.2.*`; `1.2` after a space and `=1.2=build` mean exactly that version."""
    part = part.replace(" ", "") if part[:1] in "=<>!~" else part
    if part in ("", "*", "=*", "==*"):
        return ""
    if part[:1] in "<>!~" or part.startswith("=="):
        operator, version, *_ = re.split(r"(?<=[=<>!~])(?![=<>!~])", part, maxsplit=1)
        return operator + version.split("=")[0]
    version, *build = re.split(r"[=\s]+", part.removeprefix("="))
    if part.startswith("=") and not build:
        return f"=={version.removesuffix('*').removesuffix('.')}.*"
    return f"=={version}"
