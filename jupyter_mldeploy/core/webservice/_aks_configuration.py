"""The deployment configuration of `AksWebservice`: replicas, limits, probes; keys on unless switched off."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from numbers import Real
from typing import Annotated, Any

from ...specs import Auth, Settings
from . import _fields, _switches
from ._configuration import BOTH, Flag, Number, Text, Texts, WebserviceDeploymentConfiguration, Whole
from ._fields import Rule, effective
from ._parts import AutoScaler, ContainerResourceRequirements, DataCollection, LivenessProbeRequirements

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{,61}[a-z0-9])?")
AUTOSCALE = (
    "autoscale_min_replicas",
    "autoscale_max_replicas",
    "autoscale_refresh_seconds",
    "autoscale_target_utilization",
)
PROBE = ("period_seconds", "initial_delay_seconds", "timeout_seconds", "success_threshold", "failure_threshold")
HELD = ("replica_max_concurrent_requests", "max_request_wait_time")
SWITCHES = ("enable_app_insights", "collect_model_data")
LIMITS = (*AUTOSCALE, *PROBE, *SWITCHES)


@dataclass
class AksServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """Parameters of a service of type AKS; cpu in cores, memory in GB, utilization in percent.

    `max_request_wait_time` is the time in the queue in ms, after which a request is answered 503, and
    `replica_max_concurrent_requests` how many a replica may hold or have waiting. Neither is a limit here unless given.
    """

    _webservice_type = "AKS"
    _joined = True

    autoscale_enabled: Annotated[Flag, Rule("autoScaler.autoscaleEnabled")]
    autoscale_min_replicas: Annotated[Whole, Rule("autoScaler.minReplicas", 1, above=0)]
    autoscale_max_replicas: Annotated[Whole, Rule("autoScaler.maxReplicas", 10, above=0)]
    autoscale_refresh_seconds: Annotated[Whole, Rule("autoScaler.refreshPeriodInSeconds", 1, above=0)]
    autoscale_target_utilization: Annotated[Whole, Rule("autoScaler.targetUtilization", 70, above=0)]
    collect_model_data: Annotated[Flag, Rule("dataCollection.storageEnabled", False)]
    auth_enabled: Annotated[Flag, Rule("authEnabled", True)]
    cpu_cores: Annotated[Number, Rule("containerResourceRequirements.cpu", above=0, effect=False)]
    memory_gb: Annotated[Number, Rule("containerResourceRequirements.memoryInGB", above=0, effect=False)]
    enable_app_insights: Annotated[Flag, Rule("appInsightsEnabled", False)]
    scoring_timeout_ms: Annotated[Whole, Rule("scoringTimeoutMs", 60_000, above=0)]
    replica_max_concurrent_requests: Annotated[Whole, Rule("maxConcurrentRequestsPerContainer", 1, above=0)]
    max_request_wait_time: Annotated[Whole, Rule("maxQueueWaitMs", 500, above=0)]
    num_replicas: Annotated[Whole, Rule("numReplicas", above=0)]
    primary_key: Annotated[Text, Rule("keys.primaryKey")] = field(repr=False)
    secondary_key: Annotated[Text, Rule("keys.secondaryKey")] = field(repr=False)
    tags: Annotated[Texts, Rule("tags")]
    properties: Annotated[Texts, Rule("properties")]
    description: Annotated[Text, Rule("description")]
    gpu_cores: Annotated[Whole, Rule("gpuCores", 0, least=0, effect=False)]
    period_seconds: Annotated[Whole, Rule("livenessProbeRequirements.periodSeconds", 10, above=0, effect=False)]
    initial_delay_seconds: Annotated[
        Whole, Rule("livenessProbeRequirements.initialDelaySeconds", 310, above=0, effect=False)
    ]
    timeout_seconds: Annotated[Whole, Rule("livenessProbeRequirements.timeoutSeconds", 2, above=0, effect=False)]
    success_threshold: Annotated[Whole, Rule("livenessProbeRequirements.successThreshold", 1, above=0, effect=False)]
    failure_threshold: Annotated[Whole, Rule("livenessProbeRequirements.failureThreshold", 3, above=0, effect=False)]
    namespace: Annotated[Text, Rule("namespace", effect=False)]
    token_auth_enabled: Annotated[Flag, Rule("tokenAuthEnabled", False)]
    compute_target_name: Annotated[Text, Rule("computeTargetName")]
    cpu_cores_limit: Annotated[Number, Rule("containerResourceRequirements.cpuLimit", above=0, effect=False)]
    memory_gb_limit: Annotated[Number, Rule("containerResourceRequirements.memoryInGBLimit", above=0, effect=False)]
    blobfuse_enabled: Annotated[Flag, Rule("blobfuseEnabled", True, effect=False)] = None
    server: Texts = field(default=None, init=False)
    tls: Any = field(default=None, init=False)
    oidc: Texts = field(default=None, init=False)

    def _conflicts(self) -> list[str]:
        found = [*self._scaling_conflicts(), *limit_conflicts(vars(self))]
        if self.token_auth_enabled and self.auth_enabled:
            found.append(BOTH)
        if self.namespace is not None and not NAMESPACE.fullmatch(str(self.namespace)):
            found.append(
                f"namespace is {self.namespace!r}: lower-case letters, digits and dashes, at most 63, "
                "a letter or digit first and last."
            )
        return found

    def _scaling_conflicts(self) -> list[str]:
        found = []
        if self.autoscale_enabled and self.num_replicas:
            found.append("autoscale_enabled and num_replicas exclude each other: give one of them.")
        if self.autoscale_enabled is False and not self.num_replicas:
            found.append("autoscale_enabled=False needs num_replicas: how many replicas shall run.")
        if not self.autoscale_enabled:
            odd = [name for name in AUTOSCALE if getattr(self, name) is not None]
            found += [f"{name} is {getattr(self, name)!r} and needs autoscale_enabled=True." for name in odd]
        low, high = self.autoscale_min_replicas, self.autoscale_max_replicas
        if exceeds(low, high):
            found.append(f"autoscale_min_replicas is {low} and autoscale_max_replicas {high}: min must not exceed max.")
        return found

    def _settings(self, service: str) -> Settings:
        auth: Auth = "token" if self.token_auth_enabled else "key" if effective(self, "auth_enabled") else "none"
        limits: dict[str, Any] = {name: effective(self, name) for name in LIMITS}
        limits |= {name: getattr(self, name) for name in HELD}
        limits |= {"autoscale_enabled": self._autoscales(), "autoscale_max_replicas": self._most()}
        settings = Settings(
            service,
            workers=self.num_replicas or self.autoscale_min_replicas or 1,
            auth=auth,
            cpu=self.cpu_cores_limit or self.cpu_cores,
            memory_gb=self.memory_gb_limit or self.memory_gb,
            scoring_timeout_ms=effective(self, "scoring_timeout_ms"),
            limits=limits,
        )
        return _switches.applied(settings, self)

    def _autoscales(self) -> bool:
        return not self.num_replicas if self.autoscale_enabled is None else self.autoscale_enabled

    def _most(self) -> int:
        """How many replicas autoscaling may start: when nothing is said, no more than there are cores to run them."""
        unasked = min(effective(self, "autoscale_max_replicas"), os.cpu_count() or 1)
        return self.autoscale_max_replicas or max(unasked, self.autoscale_min_replicas or 1)

    def _resources(self) -> ContainerResourceRequirements:
        gpu = effective(self, "gpu_cores")
        limits = (self.cpu_cores_limit, self.memory_gb_limit)
        return ContainerResourceRequirements(self.cpu_cores, self.memory_gb, gpu, *limits)

    def _scaler(self) -> AutoScaler:
        asked = {**_fields.tree(self)["autoScaler"], "autoscaleEnabled": self._autoscales()}
        return AutoScaler.deserialize(asked)  # type: ignore[return-value]  # None only for None

    def _probe(self) -> LivenessProbeRequirements:
        return LivenessProbeRequirements(*(effective(self, name) for name in PROBE))

    def _collection(self) -> DataCollection:
        return DataCollection(None, effective(self, "collect_model_data"))


def limit_conflicts(values: dict[str, Any]) -> list[str]:
    """One sentence for each limit that lies below its request."""
    pairs = [("cpu_cores", "cpu_cores_limit"), ("memory_gb", "memory_gb_limit")]
    return [
        f"{limit} is {values[limit]!r}, below {request} {values[request]!r}: a limit must be at least the request."
        for request, limit in pairs
        if exceeds(values.get(request), values.get(limit))
    ]


def exceeds(low: Any, high: Any) -> bool:
    """Whether both are numbers, and `low` is above `high`."""
    return isinstance(low, Real) and isinstance(high, Real) and float(low) > float(high)
