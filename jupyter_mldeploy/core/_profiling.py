"""`Model.profile`: a service of its own for the time of a load test on the given rows, and what that came to."""

from __future__ import annotations

import math
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import disk, services
from ..errors import MLDeployError
from ..specs import Plan
from . import _load_test
from ._load_test import Load
from .exceptions import UserErrorException, WebserviceException, translated
from .profile import ModelProfile, folder

if TYPE_CHECKING:
    from .model import InferenceConfig
    from .workspace import Workspace

MOST_CPU, MOST_MEMORY, LEAST = 3.5, 15.0, 0.1  # v1's limits
START_LIMIT = 1800.0  # seconds for environment and init()
HEADROOM = 1.25
LAST = 20  # log lines that are shown with a failed request


def profile(
    workspace: Workspace,
    profile_name: str,
    models: Sequence[Any],
    inference_config: InferenceConfig | None,
    input_dataset: Any,
    cpu: float | None = None,
    memory_in_gb: float | None = None,
    description: str | None = None,
) -> ModelProfile:
    """Check everything, measure, and keep the result under `profile_name`, in the place of an older one."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", str(profile_name)):
        raise UserErrorException(f"{profile_name!r} cannot name a profile: use letters, digits, '-', '.' and '_'.")
    _in_range("cpu", cpu, MOST_CPU)
    _in_range("memory_in_gb", memory_in_gb, MOST_MEMORY)
    bodies = rows(input_dataset)
    plan = _plan(workspace, models, inference_config, memory_in_gb)
    details = _described(profile_name, description, cpu, memory_in_gb)
    print(f"Profiling {', '.join(model.id for model in plan.models) or 'the script'} on {len(bodies)} rows …")
    try:
        details |= results(_measure(workspace, plan, bodies))
    except MLDeployError as error:
        text = "\n".join(filter(None, [error.message, getattr(error, "traceback", "")]))
        details |= {"state": "Failed", "error": {"code": type(error).__name__, "message": text}}
    disk.write_json(folder(workspace) / f"{profile_name}.json", details)
    return ModelProfile(workspace, profile_name)


def _in_range(name: str, value: float | None, most: float) -> None:
    if value is not None and not (isinstance(value, (int, float)) and LEAST <= value <= most):
        raise UserErrorException(f"{name}={value!r} is outside {LEAST} to {most}.")


def rows(dataset: Any) -> list[bytes]:
    """The request bodies: the rows of a tabular data set of one column of texts."""
    if not hasattr(dataset, "to_pandas_dataframe"):
        raise UserErrorException(
            f"input_dataset is a {type(dataset).__name__}: give a TabularDataset of one column, each row a request's "
            "body, as Dataset.Tabular.from_delimited_files(path, separator='\\n', header=False) reads it."
        )
    frame = dataset.to_pandas_dataframe()
    if frame.shape[1] != 1:
        raise UserErrorException(
            f"input_dataset has {frame.shape[1]} columns; it takes one, each row a request's body."
        )
    values = frame.iloc[:, 0].tolist()
    if not values:
        raise UserErrorException("input_dataset has no rows; at least one request's body is needed.")
    if wrong := next((value for value in values if not isinstance(value, str)), None):
        raise UserErrorException(f"input_dataset holds {wrong!r}; its rows are texts, each a request's body.")
    return [value.encode() for value in values]


def _plan(
    workspace: Workspace, models: Sequence[Any], inference_config: InferenceConfig | None, memory: float | None
) -> Plan:
    """A Local service of its own, with keys; the memory that was asked for is the worker's limit."""
    from .webservice import LocalWebservice, _no_code, _planning
    from .webservice._models import references

    given = references(workspace, models)
    served = _no_code.served(workspace, given) if inference_config is None else None
    content = served or _planning.Served.of(given, inference_config)
    name = f"profile-{secrets.token_hex(6)}"
    plan = _planning.plan(workspace, name, content, LocalWebservice.deploy_configuration(), None)
    limits = {"worker_memory_limit": int(memory * 1e9)} if memory else {}
    return replace(plan, settings=replace(plan.settings, auth="key", server={**plan.settings.server, **limits}))


def _measure(workspace: Workspace, plan: Plan, bodies: list[bytes]) -> Load:
    """Deploy, load, and delete the service again, whatever happens."""
    home, name = workspace._home, plan.service
    with translated(WebserviceException):
        operation = services.deploy(home, plan)
        try:
            operation.wait(START_LIMIT)
            record, address = services.record(home, name), services.address(home, name)
            if record.handle is None or address is None:
                raise WebserviceException(f"The service of the profile has no address: {services.log_text(home, name)}")
            key = services.keys(home, name)[0]
            load = _load_test.run(f"{address.local}/score", key, bodies, int(record.handle.data["pid"]))
            if load.error:
                load.error += f"\nThe last lines of the log:\n{services.log_text(home, name, num_lines=LAST)}"
            return load
        finally:
            services.delete(home, name)
            shutil.rmtree(home.service(name), ignore_errors=True)


def _described(name: str, description: str | None, cpu: float | None, memory: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "createdTime": datetime.now(timezone.utc).isoformat(),
        "requestedCpu": cpu or MOST_CPU,
        "requestedMemoryInGB": memory or MOST_MEMORY,
        "requestedQueriesPerSecond": 0,
    }


def results(load: Load) -> dict[str, Any]:
    """What was measured, by v1's keys. A service that answered nothing successfully recommends nothing."""
    found: dict[str, Any] = {
        "state": "Succeeded" if load.successes else "Failed",
        "maxUtilizedCpu": round(load.cpu, 3),
        "maxUtilizedMemoryInGB": round(load.memory / 1e9, 4),
        "totalQueries": len(load.latencies),
        "successQueries": load.successes,
        "successRate": round(100 * load.successes / len(load.latencies), 2),
        "averageLatencyInMs": round(sum(load.latencies) / len(load.latencies), 3),
        "measuredQueriesPerSecond": round(len(load.latencies) / load.seconds, 1),
        "error": {"code": "ScoringFailed", "message": load.error} if load.error else None,
    }
    for key, share in (("50", 0.5), ("90", 0.9), ("95", 0.95), ("99", 0.99), ("999", 0.999)):
        found[f"latencyPercentile{key}InMs"] = round(percentile(load.latencies, share), 3)
    if load.successes:
        found |= {"recommendedCpu": _ample(load.cpu), "recommendedMemoryInGB": _ample(load.memory / 1e9)}
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed (nearest rank)."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _ample(peak: float) -> float:
    return max(math.ceil(peak * HEADROOM * 10) / 10, LEAST)
