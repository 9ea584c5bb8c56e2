"""The deployment configuration of `AksEndpoint`: that of its first version, with the version's name and its traffic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated

from ...errors import InvalidInput
from ...services import check_name
from ...specs import Settings
from ..exceptions import WebserviceException
from ._aks_configuration import AksServiceDeploymentConfiguration
from ._configuration import Flag, Number, Text, Texts, Whole
from ._fields import Rule


class VersionType(Enum):
    """What a version is for those who compare: the one that others are held against, or one of the others."""

    control = "Control"
    treatment = "Treatment"


@dataclass(init=False)
class AksEndpointDeploymentConfiguration(AksServiceDeploymentConfiguration):
    """Parameters of an endpoint and of its first version, which is the default; without a name it has the endpoint's.

    `traffic_percentile` is a whole number of percents. What all versions together leave over goes to the default.
    """

    _webservice_type = "AksEndpoint"

    version_name: Annotated[Text, Rule("versionName")] = None
    traffic_percentile: Annotated[Whole, Rule("trafficPercentile", least=0)] = None
    blobfuse_enabled: Flag = None  # no parameter of an endpoint

    def __init__(
        self,
        autoscale_enabled: Flag,
        autoscale_min_replicas: Whole,
        autoscale_max_replicas: Whole,
        autoscale_refresh_seconds: Whole,
        autoscale_target_utilization: Whole,
        collect_model_data: Flag,
        auth_enabled: Flag,
        cpu_cores: Number,
        memory_gb: Number,
        enable_app_insights: Flag,
        scoring_timeout_ms: Whole,
        replica_max_concurrent_requests: Whole,
        max_request_wait_time: Whole,
        num_replicas: Whole,
        primary_key: Text,
        secondary_key: Text,
        tags: Texts,
        properties: Texts,
        description: Text,
        gpu_cores: Whole,
        period_seconds: Whole,
        initial_delay_seconds: Whole,
        timeout_seconds: Whole,
        success_threshold: Whole,
        failure_threshold: Whole,
        namespace: Text,
        token_auth_enabled: Flag,
        version_name: Text,
        traffic_percentile: Whole,
        compute_target_name: Text,
        cpu_cores_limit: Number,
        memory_gb_limit: Number,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        vars(self).update(vars(type(self)._restore(given)))
        self.validate_configuration()

    def validate_endpoint_configuration(self) -> None:
        """Check the version's name and its traffic. Raises `WebserviceException`."""
        if found := self._version_problems():
            raise WebserviceException("\n".join(found))

    def _conflicts(self) -> list[str]:
        return [*super()._conflicts(), *self._version_problems()]

    def _version_problems(self) -> list[str]:
        found = []
        try:
            if self.version_name is not None:
                check_name(str(self.version_name))
        except InvalidInput as error:
            found.append(f"version_name: {error.message.replace('name a service', 'name a version')}")
        share = self.traffic_percentile
        if share is not None and (type(share) is not int or not 0 <= share <= 100):
            found.append(f"traffic_percentile is {share!r}: it must be a whole number from 0 to 100.")
        return found

    def _settings(self, service: str) -> Settings:
        settings = super()._settings(service)
        return replace(settings, version=self.version_name or service, traffic=self.traffic_percentile or 0)
