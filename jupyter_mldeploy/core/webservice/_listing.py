"""Which services of a workspace a listing means."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ... import services
from ...disk import Home
from ...errors import ServiceNotFound
from ...specs import ServiceRecord
from .._tags import check_filter, matches
from ..exceptions import WebserviceException, translated

LOCAL = "LOCAL"
LISTED = ("ACI", "AKS", "AKSENDPOINT")


def records(home: Home, tags: list[Any] | None, properties: list[Any] | None) -> list[ServiceRecord]:
    """The services' records, Local ones apart, that have these tags and properties."""
    wanted, had = check_filter("tags", tags), check_filter("properties", properties)
    plans = [record for record in every(home) if record.plan.type != LOCAL]
    return [r for r in plans if matches(wanted, r.plan.tags) and matches(had, r.plan.properties)]


def every(home: Home) -> list[ServiceRecord]:
    """The records of all services; one that is deleted meanwhile is passed over."""
    found = []
    for name in services.names(home):
        with translated(WebserviceException), suppress(ServiceNotFound):
            found.append(services.record(home, name))
    return found


def serves(record: ServiceRecord, model_name: str | None, model_id: str | None) -> bool:
    """Whether a service was deployed with such a model; None matches all."""
    models = record.models
    named = not model_name or any(model.name == model_name for model in models)
    return named and (not model_id or any(model.id == model_id for model in models))


def made_of(record: ServiceRecord, name: str | None, id: str | None, digest: str | None) -> bool:
    """Whether a service was deployed from such an image; None matches all. An image's digest is its bundle's."""
    image = record.plan.configuration.get("image_id", "")
    own = record.bundle.digest if image and record.bundle else ""
    return all(
        not asked or asked == has for asked, has in ((name, image.rpartition(":")[0]), (id, image), (digest, own))
    )


def listed_type(compute_type: str | None) -> str | None:
    """The type in capitals. Unknown ones raise `WebserviceException`."""
    kind = compute_type.upper() if compute_type else None
    if kind and kind not in LISTED:
        raise WebserviceException(f"compute_type is {compute_type!r}. Known: {', '.join(LISTED)}.")
    return kind
