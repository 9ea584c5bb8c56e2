"""`AksWebservice`: replicas, limits, keys on unless switched off; its replicas are workers of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ...specs import Address, Plan, ServiceRecord
from ..exceptions import NotAvailableException, WebserviceException
from . import _switches, _tokens, _updating
from ._aks_configuration import AUTOSCALE, AksServiceDeploymentConfiguration
from ._configuration import Flag, Number, Text, Texts, Whole
from ._fields import effective
from ._parts import (
    AksServiceAccessToken,
    AutoScaler,
    ContainerResourceRequirements,
    DataCollection,
    LivenessProbeRequirements,
)
from .webservice import Webservice

if TYPE_CHECKING:
    from ..model import InferenceConfig

MIGRATION = {"is_migration", "compute_target"}  # v1's hidden keywords
Asked = TypeVar("Asked", bound=AksServiceDeploymentConfiguration)


class AksWebservice(Webservice):
    """A deployed service of type AKS."""

    _webservice_type = "AKS"

    autoscaler: AutoScaler | None = None
    compute_name: str | None = None
    container_resource_requirements: ContainerResourceRequirements | None = None
    data_collection: DataCollection | None = None
    deployment_status: str | None = None
    enable_app_insights: bool | None = None
    is_default: bool | None = None
    liveness_probe_requirements: LivenessProbeRequirements | None = None
    max_concurrent_requests_per_container: int | None = None
    max_request_wait_time: int | None = None
    namespace: str | None = None
    num_replicas: int | None = None
    scoring_timeout_ms: int | None = None
    traffic_percentile: int | None = None
    version_type: str | None = None

    @staticmethod
    def deploy_configuration(
        autoscale_enabled: Flag = None,
        autoscale_min_replicas: Whole = None,
        autoscale_max_replicas: Whole = None,
        autoscale_refresh_seconds: Whole = None,
        autoscale_target_utilization: Whole = None,
        collect_model_data: Flag = None,
        auth_enabled: Flag = None,
        cpu_cores: Number = None,
        memory_gb: Number = None,
        enable_app_insights: Flag = None,
        scoring_timeout_ms: Whole = None,
        replica_max_concurrent_requests: Whole = None,
        max_request_wait_time: Whole = None,
        num_replicas: Whole = None,
        primary_key: Text = None,
        secondary_key: Text = None,
        tags: Texts = None,
        properties: Texts = None,
        description: Text = None,
        gpu_cores: Whole = None,
        period_seconds: Whole = None,
        initial_delay_seconds: Whole = None,
        timeout_seconds: Whole = None,
        success_threshold: Whole = None,
        failure_threshold: Whole = None,
        namespace: Text = None,
        token_auth_enabled: Flag = None,
        compute_target_name: Text = None,
        cpu_cores_limit: Number = None,
        memory_gb_limit: Number = None,
        blobfuse_enabled: Flag = None,
    ) -> AksServiceDeploymentConfiguration:
        """A deployment configuration; None means the default that v1's service took."""
        return AksServiceDeploymentConfiguration(**locals())

    def _fill(self, record: ServiceRecord, address: Address | None) -> None:
        super()._fill(record, address)
        asked = AksServiceDeploymentConfiguration._restore(record.plan.configuration)
        self.autoscaler, self.data_collection = asked._scaler(), asked._collection()
        self.container_resource_requirements = asked._resources()
        self.liveness_probe_requirements = asked._probe()
        self.compute_name, self.namespace = record.plan.compute, asked.namespace
        self.enable_app_insights = effective(asked, "enable_app_insights")
        self.max_concurrent_requests_per_container = effective(asked, "replica_max_concurrent_requests")
        self.max_request_wait_time = effective(asked, "max_request_wait_time")
        self.num_replicas = record.plan.settings.workers
        self.scoring_timeout_ms = effective(asked, "scoring_timeout_ms")

    def _path(self) -> str:
        return f"/api/v1/service/{self.name}/score"

    def run(self, input_data: Any) -> Any:
        return super().run(input_data)

    def update(  # type: ignore[override]
        self,
        image: Any = None,
        autoscale_enabled: Flag = None,
        autoscale_min_replicas: Whole = None,
        autoscale_max_replicas: Whole = None,
        autoscale_refresh_seconds: Whole = None,
        autoscale_target_utilization: Whole = None,
        collect_model_data: Flag = None,
        auth_enabled: Flag = None,
        cpu_cores: Number = None,
        memory_gb: Number = None,
        enable_app_insights: Flag = None,
        scoring_timeout_ms: Whole = None,
        replica_max_concurrent_requests: Whole = None,
        max_request_wait_time: Whole = None,
        num_replicas: Whole = None,
        tags: Texts = None,
        properties: Texts = None,
        description: Text = None,
        models: Iterable[Any] | None = None,
        inference_config: InferenceConfig | None = None,
        gpu_cores: Whole = None,
        period_seconds: Whole = None,
        initial_delay_seconds: Whole = None,
        timeout_seconds: Whole = None,
        success_threshold: Whole = None,
        failure_threshold: Whole = None,
        namespace: Text = None,
        token_auth_enabled: Flag = None,
        cpu_cores_limit: Number = None,
        memory_gb_limit: Number = None,
        *,
        server: Texts = None,
        tls: Any = None,
        oidc: Texts = None,
        **kwargs: Any,
    ) -> None:
        """Change what is given, and return at once; wait with `wait_for_deployment`. What fails changes nothing.

        Tags are replaced, properties added; an inference configuration alone keeps the models. The limits are also
        held against the running values. `server`, `tls` and `oidc` are as on a configuration; an empty one takes
        back what was set. v1's migration keywords are refused.
        """
        _refuse(kwargs)
        changes = _updating.given(locals())
        current = self._current().plan
        asked = merged(AksServiceDeploymentConfiguration, current, changes)
        found = [*_updating.content_problems(changes), *asked._problems()]
        if found:
            raise WebserviceException("\n".join(found))
        content = _updating.served(self.workspace, current, changes)
        _updating.apply(self.workspace._home, current, changes, content, asked)
        self.update_deployment_state()

    def get_token(self) -> tuple[str, datetime]:
        """A token for calling the service, and when to ask for another one (a naive local time)."""
        return _tokens.pair(self)

    def get_access_token(self) -> AksServiceAccessToken:
        """A token for calling the service, with its times. Raises `WebserviceException` when it checks none."""
        return _tokens.access_token(self)

    def serialize(self) -> dict[str, Any]:
        parts = {
            "autoScaler": self.autoscaler,
            "containerResourceRequirements": self.container_resource_requirements,
            "dataCollection": self.data_collection,
            "livenessProbeRequirements": self.liveness_probe_requirements,
        }
        return {
            **super().serialize(),
            **{key: part and part.serialize() for key, part in parts.items()},
            "appInsightsEnabled": self.enable_app_insights,
            "authEnabled": self.auth_enabled,
            "aadAuthEnabled": self.token_auth_enabled,
            "computeName": self.compute_name,
            "maxConcurrentRequestsPerContainer": self.max_concurrent_requests_per_container,
            "maxQueueWaitMs": self.max_request_wait_time,
            "namespace": self.namespace,
            "numReplicas": self.num_replicas,
            "scoringTimeoutMs": self.scoring_timeout_ms,
            "deploymentStatus": self.deployment_status,
            "isDefault": self.is_default,
            "trafficPercentile": self.traffic_percentile,
            "versionType": self.version_type,
            "modelDetails": self._model_ids(),
        }


def _refuse(others: dict[str, Any]) -> None:
    """Raise for keywords beside those of `update`."""
    if unknown := ", ".join(others.keys() - MIGRATION):
        raise TypeError(f"update() does not take {unknown}: a service of type AKS is deployed anew to change that.")
    if others:
        raise NotAvailableException(f"{', '.join(others)}: migrating a service does not exist here. Deploy it anew.")


def merged(kind: type[Asked], current: Plan, changes: dict[str, Any]) -> Asked:
    """The running values with the changes over them. A fixed number of replicas ends autoscaling, and the reverse."""
    running = {**current.configuration, **_switches.running(current.settings)}
    if changes.get("num_replicas") and not changes.get("autoscale_enabled"):
        running = {name: value for name, value in running.items() if name not in AUTOSCALE}
        running["autoscale_enabled"] = False
    elif changes.get("autoscale_enabled"):
        running.pop("num_replicas", None)
    return kind._restore({**running, **changes})
