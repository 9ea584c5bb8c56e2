"""`AksEndpoint`: several versions behind one name, each with workers of its own and its percent of the requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ... import services
from ...specs import Address, ServiceRecord
from . import _versions
from ._aks_endpoint_configuration import AksEndpointDeploymentConfiguration, VersionType
from ._aks_webservice import AksWebservice
from ._configuration import Flag, Number, Text, Texts, Whole

if TYPE_CHECKING:
    from ..model import InferenceConfig


class AksEndpoint(AksWebservice):
    """A deployed service of several versions. The first one is the default: it gets what traffic is left over."""

    _webservice_type = "AKSENDPOINT"

    VersionType = VersionType
    versions: Mapping[str, _versions.EndpointVersion] = MappingProxyType({})

    @staticmethod
    def deploy_configuration(  # type: ignore[override]  # v1's own order
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
        version_name: Text = None,
        traffic_percentile: Whole = None,
        compute_target_name: Text = None,
        cpu_cores_limit: Number = None,
        memory_gb_limit: Number = None,
    ) -> AksEndpointDeploymentConfiguration:
        """A deployment configuration of the endpoint and its first version."""
        return AksEndpointDeploymentConfiguration(**locals())

    def create_version(
        self,
        version_name: str,
        autoscale_enabled: Flag = None,
        autoscale_min_replicas: Whole = None,
        autoscale_max_replicas: Whole = None,
        autoscale_refresh_seconds: Whole = None,
        autoscale_target_utilization: Whole = None,
        collect_model_data: Flag = None,
        cpu_cores: Number = None,
        memory_gb: Number = None,
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
        traffic_percentile: Whole = None,
        is_default: Flag = None,
        is_control_version_type: Flag = None,
        cpu_cores_limit: Number = None,
        memory_gb_limit: Number = None,
    ) -> None:
        """Bring up one more version beside the others, and return at once; wait with `wait_for_deployment`.

        It gets `traffic_percentile` of the requests as soon as it serves; when it does not come up, nothing changes.
        """
        _versions.create(self, _versions.given(locals()))

    def update_version(
        self,
        version_name: str,
        autoscale_enabled: Flag = None,
        autoscale_min_replicas: Whole = None,
        autoscale_max_replicas: Whole = None,
        autoscale_refresh_seconds: Whole = None,
        autoscale_target_utilization: Whole = None,
        collect_model_data: Flag = None,
        cpu_cores: Number = None,
        memory_gb: Number = None,
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
        traffic_percentile: Whole = None,
        is_default: Flag = None,
        is_control_version_type: Flag = None,
        cpu_cores_limit: Number = None,
        memory_gb_limit: Number = None,
    ) -> None:
        """Change what is given of one version, and return at once; no request is lost. What fails changes nothing.

        Traffic, marks, tags and texts change without new workers. Tags are replaced, properties added.
        """
        _versions.update(self, _versions.given(locals()))

    def delete_version(self, version_name: str) -> None:
        """End a version after what it has under way, and return at once; its traffic goes to the default.

        When it is the default itself, the one with the most traffic becomes that. The only version stays.
        """
        _versions.delete(self, version_name)

    def update(  # type: ignore[override]
        self,
        auth_enabled: Flag = None,
        token_auth_enabled: Flag = None,
        enable_app_insights: Flag = None,
        description: Text = None,
        tags: Texts = None,
        properties: Texts = None,
    ) -> None:
        """Change what holds for the endpoint as a whole. Tags are replaced, properties added."""
        _versions.update_whole(self, _versions.given(locals()))

    def _fill(self, record: ServiceRecord, address: Address | None) -> None:
        super()._fill(record, address)
        seen = services.version_states(self.workspace._home, record)
        self.versions = {name: _versions.EndpointVersion(self, record, name, state) for name, state in seen.items()}

    def serialize(self) -> dict[str, Any]:
        return {**super().serialize(), "versions": {name: one.serialize() for name, one in self.versions.items()}}
