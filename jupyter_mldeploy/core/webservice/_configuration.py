"""What every deployment configuration offers, and what it becomes: settings of a service."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ...specs import Settings, Tls
from ..exceptions import WebserviceException
from . import _fields, _switches

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from typing_extensions import Self

Flag = bool | None
Text = str | None
Number = float | None
Whole = int | None
Texts = Mapping[str, Any] | None

NO_IMAGES = "Give an Image, as Image.create(…) or Image(workspace, name) returns it."

BOTH = "auth_enabled and token_auth_enabled exclude each other: switch one of them off."


class WebserviceDeploymentConfiguration(ABC):
    """How a service is to run. Subclasses are dataclasses whose fields are the parameters of v1."""

    _webservice_type: str = ""
    _joined: ClassVar[bool] = False  # v1 raises ACI's first problem, and all of AKS's in one message

    description: str | None
    tags: Mapping[str, Any] | None
    properties: Mapping[str, Any] | None
    primary_key: str | None
    secondary_key: str | None
    location: str | None
    server: Mapping[str, Any] | None  # the scoring server's settings by their names, such as {"request_log": True}
    tls: Any  # (certificate file, key file), and as a third the name that the certificate is made out to
    docker: Mapping[str, Any] | None = None  # what the service wishes of a container engine, such as {"gpus": 1}
    target: str | None = None  # "docker" or "process"; None: a container where an engine answers
    oidc: Mapping[str, Any] | None  # whose tokens are taken too: issuer, audience, jwks_url, leeway_seconds

    def __init__(
        self,
        type: str,
        description: Text = None,
        tags: Texts = None,
        properties: Texts = None,
        primary_key: Text = None,
        secondary_key: Text = None,
        location: Text = None,
    ) -> None:
        self._webservice_type = type
        self.description, self.tags, self.properties = description, tags, properties
        self.primary_key, self.secondary_key, self.location = primary_key, secondary_key, location
        self.server = self.tls = self.oidc = None

    def __post_init__(self) -> None:
        self.validate_configuration()

    def validate_configuration(self) -> None:
        """Check the parameters. Raises `WebserviceException`."""
        found = self._problems()
        if found:
            raise WebserviceException("\n".join(found) if self._joined else found[0])

    def print_deploy_configuration(self) -> None:
        """Print the parameters that were given; never the keys."""
        print(f"{self._webservice_type} deployment configuration")
        for name, value in _fields.given(self._fields).items():
            print(f"  {name}: {value}")
        for name in _switches.NAMES:
            if value := getattr(self, name):
                print(f"  {name}: {value}")

    @classmethod
    def validate_image(cls, image: object) -> None:
        """Raise `WebserviceException` for what is no image."""
        if not hasattr(image, "_served"):
            raise WebserviceException(f"image: {NO_IMAGES}")

    @property
    def _fields(self) -> DataclassInstance:
        return cast("DataclassInstance", self)

    @classmethod
    def _restore(cls, parameters: Mapping[str, Any]) -> Self:
        """A configuration of these parameters, not checked: as a service's record keeps it, or to be checked later."""
        made = object.__new__(cls)
        for f in fields(cast("DataclassInstance", cls)):
            setattr(made, f.name, parameters.get(f.name, None if f.default is MISSING else f.default))
        return made

    def _problems(self) -> list[str]:
        """All that is wrong, one sentence each."""
        return [*_fields.problems(self._fields), *_switches.problems(self), *self._conflicts()]

    def _conflicts(self) -> list[str]:
        """What is wrong between several values, one sentence each."""
        return []

    def _tls(self) -> Tls | None:
        """Certificate and key, by their full paths."""
        return _switches.tls(self.tls)

    def _keys(self) -> tuple[str, str] | None:
        """The keys that were given; as in v1 a second one counts only beside a first."""
        return (self.primary_key, self.secondary_key or "") if self.primary_key else None

    def _recorded_only(self) -> list[str]:
        """The given parameters that have no effect on this machine."""
        declared = _fields.rules(self._fields)
        return [name for name, value in _fields.given(self._fields).items() if value and not declared[name].effect]

    @abstractmethod
    def _settings(self, service: str) -> Settings:
        """How service `service` runs."""
