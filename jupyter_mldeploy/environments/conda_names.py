"""What conda's package names mean on PyPI: those that differ, those that are the same, what is no Python package."""

from __future__ import annotations

import re

# Builds for GPUs are on PyPI the same package, or one that runs on CPUs; a notice tells what was taken.
RENAMED = {
    "antlr-python-runtime": "antlr4-python3-runtime",
    "dask-core": "dask",
    "distributed-core": "distributed",
    "docker-py": "docker",
    "faiss": "faiss-cpu",
    "faiss-gpu": "faiss-cpu",
    "fbprophet": "prophet",
    "geopandas-base": "geopandas",
    "google-cloud-bigquery-core": "google-cloud-bigquery",
    "graphviz-python": "graphviz",
    "h2o-py": "h2o",
    "huggingface_hub": "huggingface-hub",
    "importlib_metadata": "importlib-metadata",
    "importlib_resources": "importlib-resources",
    "ipython_genutils": "ipython-genutils",
    "jupyter_client": "jupyter-client",
    "jupyter_core": "jupyter-core",
    "keras-base": "keras",
    "keras-cpu": "keras",
    "keras-gpu": "keras",
    "lightgbm-cpu": "lightgbm",
    "matplotlib-base": "matplotlib",
    "more_itertools": "more-itertools",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "onnxruntime-cpu": "onnxruntime",
    "onnxruntime-gpu": "onnxruntime",
    "onnxruntime-novec": "onnxruntime",
    "opencv": "opencv-python-headless",
    "plotly_express": "plotly-express",
    "prompt_toolkit": "prompt-toolkit",
    "psycopg2": "psycopg2-binary",
    "py-catboost": "catboost",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyarrow-core": "pyarrow",
    "pyg": "torch-geometric",
    "pyqt": "PyQt5",
    "pyspark-base": "pyspark",
    "pytables": "tables",
    "python-duckdb": "duckdb",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-levenshtein": "levenshtein",
    "python-lmdb": "lmdb",
    "python-tzdata": "tzdata",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "pytorch_geometric": "torch-geometric",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "sentencepiece-python": "sentencepiece",
    "sklearn": "scikit-learn",
    "tensorflow-base": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
    "torchvision-gpu": "torchvision",
    "typing_extensions": "typing-extensions",
    "umap": "umap-learn",
    "xgboost-cpu": "xgboost",
    "xgboost-gpu": "xgboost",
}
_SAME = """
absl-py adal aiohttp altair asn1crypto astor astropy attrs azure-core azure-identity azure-storage-blob babel backcall
beautifulsoup4 bleach blinker bokeh boto3 botocore bottleneck brotli brotlipy cachetools catboost category_encoders
certifi cffi chardet charset-normalizer click cloudpickle colorama configparser coremltools cryptography cvxpy cycler
cython cytoolz dask decorator defusedxml deprecated dill distributed docopt duckdb eli5 entrypoints et_xmlfile
evaluate faiss-cpu fastai fastapi fastparquet fasttext featuretools filelock flask flask-cors fsspec future gast
gensim geopandas gevent gitpython google-auth graphene greenlet grpcio gunicorn gym h2o h5py hdbscan holidays html5lib
httpx hyperopt idna imageio imbalanced-learn implicit inference-schema ipykernel ipython ipywidgets isodate
itsdangerous jax jaxlib jedi jinja2 jmespath joblib jsonschema jupyter jupyterlab kaleido keras keras-applications
keras-preprocessing kiwisolver libclang libcst libpysal librosa libsass lightgbm lime llvmlite lxml markdown
markupsafe matplotlib mistune mlflow mlflow-skinny mlxtend mpmath msal msgpack nbconvert nbformat networkx nltk
notebook numba numexpr numpy nvidia-ml-py oauthlib onnx onnxruntime openpyxl opt_einsum optuna orjson packaging pandas
pandas-profiling papermill paramiko parso partd patsy pendulum pexpect pickleshare pillow pip-tools plotly pmdarima
polars prometheus_client prophet protobuf psutil ptyprocess py4j pyarrow pyasn1 pyasn1-modules pycparser pydantic
pydot pygments pyjwt pymc pymc3 pymongo pymysql pynacl pyodbc pyopenssl pyparsing pyproj pyrsistent pysocks pyspark
pystan pytest python-dateutil python-dotenv python-snappy pytorch-lightning pytz pywavelets pyyaml pyzmq qtpy rasterio
requests requests-oauthlib rpy2 rsa s3fs s3transfer sacremoses sagemaker scikit-image scikit-learn scikit-optimize
scikit-plot scikit-surprise scipy seaborn sentence-transformers sentencepiece setuptools shap shapely simplejson six
skl2onnx smart_open sortedcontainers soupsieve spacy sqlalchemy sqlparse statsmodels sympy tables tabulate tblib
tenacity tensorboard tensorflow tensorflow-estimator tensorflow-hub tensorflow-probability termcolor textblob theano
threadpoolctl tifffile tokenizers toml toolz torchaudio torchmetrics torchtext torchvision tornado tpot tqdm traitlets
transformers typing-extensions tzdata ujson umap-learn urllib3 uvicorn wcwidth webencodings websocket-client werkzeug
wheel wordcloud wrapt xarray xgboost xlrd xlsxwriter xlwt yarl zict zipp
"""
# What wheels bring along themselves, or what only conda's own builds need.
_LIBRARIES = """
_libgcc_mutex _openmp_mutex _py-xgboost-mutex _tflow_select aom arrow-cpp atk-1.0 aws-c-common backports.zoneinfo
binutils blas boost boost-cpp bzip2 c-ares ca-certificates cairo certifi-system-store cuda cuda-toolkit cudatoolkit
cudnn cupti dbus expat fontconfig freetype fribidi gettext gflags giflib glib glog gmp gnutls graphite2 grpc-cpp
gst-plugins-base gstreamer harfbuzz hdf5 icu intel-openmp jpeg krb5 lame lapack lcms2 leptonica lerc llvm-openmp lz4-c
magma mesalib mkl mkl-service mkl_fft mkl_random mpfr nccl ncurses nettle nomkl nspr nss openblas openh264 openjpeg
openssl orc pcre pcre2 pixman pkg-config postgresql-libs pthread-stubs py-xgboost-mutex python_abi pytorch-cuda
pytorch-mutex qt qt-main re2 readline sip snappy sqlite tbb tensorflow-gpu-base tensorrt tk unixodbc x264 x265 xz yaml
yaml-cpp zeromq zlib zstd nb_conda nb_conda_kernels
"""
# Programs, compilers and languages: an entry script may really miss them.
_PROGRAMS = """
c-compiler cmake curl cxx-compiler ffmpeg fortran-compiler gcc gcc_linux-64 gdal gfortran git git-lfs go graphviz gxx
gxx_linux-64 imagemagick java-jdk julia make maven mpich ninja nodejs openjdk openmpi pandoc perl poppler postgresql r
r-base r-essentials ruby rust scala swig tesseract texlive-core wget
"""
SAME, LIBRARIES, PROGRAMS = (frozenset(words.split()) for words in (_SAME, _LIBRARIES, _PROGRAMS))
INSTALLERS = frozenset({"pip", "conda", "mamba", "uv"})  # their work is done here
_NATIVE = re.compile(r"lib(?!rosa|tmux)|_|cuda-|xorg-|font-|fonts-|.*_linux-64$|.*-cos[67]-|.*-ng$|.*-devel$")


def is_program(name: str) -> bool:
    """Is it something to run, or a language with its packages, that PyPI does not have?"""
    return name in PROGRAMS or name.startswith("r-")


def is_native(name: str) -> bool:
    """Is it no Python package? `name` is in lower case; what is in no table is judged by conda's ways of naming."""
    if name in RENAMED or name in SAME:
        return False
    return name in LIBRARIES or is_program(name) or _NATIVE.match(name) is not None
