"""Model data collection into CSV files of this machine, with the names and columns of `azureml.monitoring`."""

import csv
import io
import logging
import os
import time
import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Sequence

from . import files, tables

OFF = ("false", "0", "no", "off")
NAMED_BY_DESIGNATION = ("inputs", "predictions", "labels")  # the others by their collection
DAY = 24 * 60  # minutes that one file is for
SYSTEM = "/modeldata"  # where the cloud mounts the storage; used when it is there and can be written

_said: List[str] = []


class ModelDataCollector:
    """Appends what goes into or comes out of a model to
    `modeldata/<subscription>/<group>/<workspace>/<service>/<model>/<version>/<designation>/<yyyy>/<mm>/<dd>/<name>.csv`,
    a row of it with eight columns more: who, when, and the id that inputs and predictions share.

    Collects unless `AML_MODEL_DC_STORAGE_ENABLED` says false; `AML_MODEL_DC_DEBUG=true` prints what is collected.
    """

    AML_DC_CORRELATION_HEADER = "$aml_dc_correlation_id"
    AML_DC_SCORING_TIMESTAMP_HEADER = "$aml_dc_scoring_timestamp"
    AML_DC_BOUNDARY_HEADER = "$aml_dc_boundary"
    AML_WORKSPACE_HEADER = "$aml_workspace"
    AML_SERVICE_NAME_HEADER = "$aml_service_name"
    AML_MODEL_NAME_HEADER = "$aml_model_name"
    AML_MODEL_VERSION_HEADER = "$aml_model_version"
    AML_REQUEST_ID_HEADER = "$aml_request_id"

    def __init__(
        self,
        model_name: str,
        designation: str = "default",
        feature_names: Optional[Sequence[str]] = None,
        workspace: str = "default/default/default",
        webservice_name: str = "default",
        model_version: str = "default",
        collection_name: str = "default",
    ) -> None:
        self.model_name, self.designation, self.collection_name = model_name, designation, collection_name
        self.feature_names = [] if feature_names is None else [str(name) for name in feature_names]
        self.workspace = str(workspace).lower()
        self.webservice_name = _known(webservice_name, os.environ.get("SERVICE_NAME", ""))
        self.model_version = _known(str(model_version), _highest(model_name))
        self.enabled = os.environ.get("AML_MODEL_DC_STORAGE_ENABLED", "true").strip().lower() not in OFF
        self.debug = os.environ.get("AML_MODEL_DC_DEBUG", "").strip().lower() == "true"
        if not self.enabled:
            _say_once("Model data is not collected: AML_MODEL_DC_STORAGE_ENABLED is false.")

    def collect(self, input_data: Any, user_correlation_id: str = "") -> Optional[Dict[str, Any]]:
        """Append the rows of a DataFrame, Series, array, list, dict or single value; returns their correlations.

        A list or array of one dimension is one row. What cannot be written is logged, and never fails the request.
        """
        if not (self.enabled or self.debug):
            return None
        names, rows = tables.table(input_data, self.feature_names)
        moment = datetime.fromtimestamp(time.time(), timezone.utc)
        correlations = self._correlations(user_correlation_id, moment)
        if not tables.carries(names, rows, list(correlations)):
            rows = [[*row, *correlations.values()] for row in rows]
            names = [*names, *correlations]
        elif names[-len(correlations) :] != list(correlations):  # a list or array: it knows values, not names
            names = [*names[: -len(correlations)], *correlations]
        header, lines = _csv([names]), _csv(rows)
        if self.debug:
            print((header + lines).decode("utf-8"))
        if self.enabled and rows:
            self._append(moment, header, lines)
        return correlations

    def add_correlations(self, input_data: Any, correlations: Optional[Dict[str, Any]]) -> Any:
        """Append what `collect` returned to each row of `input_data`; its kind stays: list, array or DataFrame."""
        return input_data if correlations is None else tables.extended(input_data, correlations)

    def _correlations(self, given: str, moment: datetime) -> Dict[str, Any]:
        own = str(uuid.uuid4())
        return {
            self.AML_DC_CORRELATION_HEADER: f"{given}-{own}" if given else own,
            self.AML_DC_SCORING_TIMESTAMP_HEADER: moment.replace(tzinfo=None).isoformat(timespec="microseconds"),
            self.AML_DC_BOUNDARY_HEADER: DAY,
            self.AML_WORKSPACE_HEADER: self.workspace,
            self.AML_SERVICE_NAME_HEADER: self.webservice_name,
            self.AML_MODEL_NAME_HEADER: self.model_name,
            self.AML_MODEL_VERSION_HEADER: self.model_version,
            self.AML_REQUEST_ID_HEADER: str(uuid.UUID(int=0)),
        }

    def _append(self, moment: datetime, header: bytes, lines: bytes) -> None:
        model = self.webservice_name, self.model_name, self.model_version, self.designation
        parts = (*self.workspace.split("/"), *model, *moment.strftime("%Y %m %d").split())
        name = self.designation if self.designation in NAMED_BY_DESIGNATION else self.collection_name
        folder = os.path.join(_root(), *map(_safe, parts))
        try:
            path = files.append(folder, _safe(name), header, lines)
        except OSError as error:
            logging.getLogger("azureml.monitoring").error("Model data cannot be written to %s: %s", folder, error)
            return
        if self.debug:
            _say_once(f"Model data is collected in {path}")


def _root() -> str:
    """The folder that the service was given, the cloud's own, or one below the app root."""
    given = os.environ.get("MLDEPLOY_MODELDATA")
    if not given and os.access(SYSTEM, os.W_OK):
        given = SYSTEM
    return given or os.path.join(os.environ.get("AML_APP_ROOT") or os.getcwd(), "modeldata")


def _safe(part: str) -> str:
    """A part of the path that cannot lead out of the folder."""
    return part.replace("/", "_").replace("\0", "_").lstrip(".") or "default"


def _known(given: str, found: str) -> str:
    return found if found and given == "default" else given


def _highest(model: str) -> str:
    """The version of a model that this service has, the highest if there are several."""
    folder = os.path.join(os.environ.get("AML_APP_ROOT", ""), "azureml-models", _safe(model))
    entries = os.listdir(folder) if os.path.isdir(folder) else []
    return max((entry for entry in entries if entry.isdecimal()), key=int, default="")


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _say_once(text: str) -> None:
    if text not in _said:
        _said.append(text)
        print(text)
