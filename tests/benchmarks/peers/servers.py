"""How each server is started: one worker, on loopback, with nothing sent to anybody."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .load import command
from .manners import FORM, MLFLOW, OPEN_INFERENCE, PLAIN, Manner
from .workloads import Workload

HERE = Path(__file__).parent
PROGRAMS, SCRIPTS = HERE / "programs", HERE / "scripts"
KEY = "a-key-for-the-benchmark-and-nothing-else"
AZUREML = (
    # Its address is fixed at 0.0.0.0; a benchmark has no business there.
    "import azureml_inference_server_http.constants as c; c.DEFAULT_HOST = '127.0.0.1'; "
    "from azureml_inference_server_http.amlserver import run; run()"
)
QUIET = {
    "DO_NOT_TRACK": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
# One thread of arithmetic: wrk has the other core.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NGINX = """
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port};
    location = /score {{ default_type application/json; return 200 '{answer}'; }}
  }}
}}
"""


@dataclass(frozen=True)
class Place:
    """Where one server of one workload runs: a folder of its own, a port, its environment, the models, and what `run`
    itself answers."""

    workload: Workload
    folder: Path
    port: int
    venv: Path
    models: Path
    expected: Any


def ours(place: Place) -> list[str]:
    secrets = place.folder / "secrets.json"
    with open(os.open(secrets, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump({"keys": [KEY, KEY[::-1]]}, file)
    security = place.folder / "security.json"
    security.write_text(json.dumps({"auth": "key", "secrets": secrets.name}))
    server = [str(place.venv / "bin/mldeploy-server"), "--entry_script", str(SCRIPTS / place.workload.own_script)]
    return [*server, "--port", str(place.port), "--security", str(security)]


def azureml(place: Place) -> list[str]:
    script = SCRIPTS / place.workload.own_script
    return [str(place.venv / "bin/python"), "-c", AZUREML, "--entry_script", str(script), "--port", str(place.port)]


def bentoml(place: Place) -> list[str]:
    service = ["bento_service:Bench", "--working-dir", str(PROGRAMS)]
    address = ["--host", "127.0.0.1", "--port", str(place.port)]
    return [str(place.venv / "bin/bentoml"), "serve", *service, *address]


def mlserver(place: Place, more: Mapping[str, Any] | None = None) -> list[str]:
    ports = {"http_port": place.port, "grpc_port": place.port + 1, "metrics_port": place.port + 2}
    (place.folder / "settings.json").write_text(json.dumps({"host": "127.0.0.1", **ports, "parallel_workers": 1}))
    model = {"name": "bench", "implementation": "mlserver_model.Bench", **(more or {})}
    (place.folder / "model-settings.json").write_text(json.dumps(model))
    return [str(place.venv / "bin/mlserver"), "start", str(place.folder)]


def mlserver_batching(place: Place) -> list[str]:
    return mlserver(place, {"max_batch_size": 64, "max_batch_time": 0.001})


def mlflow(place: Place) -> list[str]:
    model, address = str(place.folder / "model"), ["-h", "127.0.0.1", "-p", str(place.port), "-w", "1"]
    return [str(place.venv / "bin/mlflow"), "models", "serve", "--env-manager", "local", "-m", model, *address]


def save_for_mlflow(place: Place, variables: Mapping[str, str]) -> None:
    code = "import sys, mlflow.pyfunc as p; p.save_model(sys.argv[1], python_model=sys.argv[2], pip_requirements=[])"
    program = [str(place.venv / "bin/python"), "-c", code, str(place.folder / "model")]
    subprocess.run([*program, str(PROGRAMS / "mlflow_model.py")], env=variables, check=True, capture_output=True)


def nginx(place: Place) -> list[str]:
    (place.folder / "nginx.conf").write_text(NGINX.format(port=place.port, answer=json.dumps(place.expected)))
    program = command("nginx", "nginx-light")
    if program is None:
        raise FileNotFoundError("nginx is not here. Get it with: apt-get install nginx-light")
    return [program, "-p", str(place.folder), "-e", "stderr", "-c", "nginx.conf", "-g", "daemon off;"]


def program(name: str) -> Callable[[Place], list[str]]:
    """A program of our own, run by the interpreter of the server's environment."""
    return lambda place: [str(place.venv / "bin/python"), str(PROGRAMS / name), str(place.port)]


def loop(place: Place) -> list[str]:
    return [str(place.venv / "bin/python"), str(PROGRAMS / "loop.py"), str(place.folder / "body")]


@dataclass(frozen=True)
class Server:
    """One server of the comparison. `venv` names the environment that it runs in, and the family it belongs to."""

    title: str
    venv: str
    command: Callable[[Place], list[str]]
    manner: Manner = PLAIN
    key: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Place, Mapping[str, str]], None] | None = None
    family: str = ""

    def environment(self, place: Place) -> dict[str, str]:
        """Nothing of the caller's that a server might read, and a home that nothing else has."""
        kept = {name: os.environ[name] for name in ("LANG", "LD_LIBRARY_PATH") if name in os.environ}
        kept["PATH"] = os.pathsep.join((str(place.venv / "bin"), os.environ["PATH"]))
        own = {"HOME": str(place.folder), "TMPDIR": str(place.folder), "BENTOML_HOME": str(place.folder)}
        bench = {"BENCH_SCRIPT": str(SCRIPTS / place.workload.script), "BENCH_KIND": place.workload.kind}
        paths = {"PYTHONPATH": os.pathsep.join((str(PROGRAMS), str(SCRIPTS))), "PYTHONDONTWRITEBYTECODE": "1"}
        models = {"AZUREML_MODEL_DIR": str(place.models), "MLFLOW_TRACKING_URI": f"sqlite:///{place.folder}/mlflow.db"}
        return kept | QUIET | THREADS | own | bench | paths | models | dict(self.variables)


BATCH = {"BENCH_BATCH": "1"}
QUIET = {"MLDEPLOY_ACCESS_LOG": "false"}  # as the peers run that have such a switch

SERVERS = {
    "ours": Server("jupyter_mldeploy", "ours", ours, key=KEY, variables=QUIET),
    "ours-batching": Server(
        "jupyter_mldeploy, batching", "ours", ours, key=KEY, variables=QUIET | {"MLDEPLOY_BATCH": "true"}
    ),
    "ours-two": Server("jupyter_mldeploy, two workers", "ours", ours, key=KEY, variables=QUIET | {"WORKER_COUNT": "2"}),
    "azureml": Server("azureml-inference-server-http", "azureml", azureml),
    "fastapi": Server("FastAPI on uvicorn", "fastapi", program("fastapi_app.py")),
    "litserve": Server("LitServe", "litserve", program("litserve_app.py"), FORM),
    "litserve-batching": Server("LitServe, batching", "litserve", program("litserve_app.py"), variables=BATCH),
    "bentoml": Server("BentoML", "bentoml", bentoml),
    "bentoml-batching": Server("BentoML, batching", "bentoml", bentoml, variables=BATCH),
    "mlserver": Server("MLServer", "mlserver", mlserver, OPEN_INFERENCE),
    "mlserver-batching": Server("MLServer, batching", "mlserver", mlserver_batching, OPEN_INFERENCE),
    "mlflow": Server("MLflow models serve", "mlflow", mlflow, MLFLOW, before=save_for_mlflow),
    "inline": Server("limit: uvicorn that calls run() inline", "ours", program("inline_app.py"), family="limits"),
    "loop": Server("limit: run() in a loop, no server", "ours", loop, family="limits"),
    "nginx": Server("limit: nginx, a static answer", "ours", nginx, family="limits"),
}


def family(name: str) -> str:
    """What `--only` chooses by: ours, a peer, or limits."""
    return SERVERS[name].family or SERVERS[name].venv
