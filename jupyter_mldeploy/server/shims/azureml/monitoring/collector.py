"""Model data collection into CSV files below the app root, by the standard library only."""

import csv
import os
import uuid
from datetime import datetime, timezone
from typing import Any, List, Optional, Sequence

CORRELATION, TIME = "$CorrelationId", "$Timestamp"


class ModelDataCollector:
    """Appends what goes into or comes out of a model to one CSV file a day and process:
    `modeldata/<workspace>/<service>/<model>/<version>/<designation>/<yyyy>/<mm>/<dd>/data-<pid>.csv`."""

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
        self.feature_names = None if feature_names is None else list(feature_names)
        self.workspace, self.webservice_name, self.model_version = workspace, webservice_name, str(model_version)

    def collect(self, input_data: Any, user_correlation_id: str = "") -> None:
        """Append the rows of an array, a list or a DataFrame."""
        rows = _rows(input_data)
        now = datetime.now(timezone.utc)
        names = self._columns(input_data, max((len(row) for row in rows), default=0))
        mark = user_correlation_id or str(uuid.uuid4())
        path = self._file(now)
        fresh = not os.path.exists(path)
        with open(path, "a", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            if fresh:
                lines.writerow([CORRELATION, TIME, *names])
            lines.writerows([mark, now.isoformat(), *row] for row in rows)

    def add_correlations(self, input_data: Any, correlations: Any) -> Any:
        """Put the correlation ids before the columns of `input_data`, a DataFrame or a list of rows."""
        if hasattr(input_data, "insert") and hasattr(input_data, "columns"):
            input_data.insert(0, CORRELATION, correlations)
            return input_data
        marks = [correlations] * len(_rows(input_data)) if isinstance(correlations, str) else list(correlations)
        return [[marks[i], *row] for i, row in enumerate(_rows(input_data))]

    def _columns(self, data: Any, width: int) -> List[str]:
        if self.feature_names is not None:
            return self.feature_names
        return [str(name) for name in getattr(data, "columns", range(width))]

    def _file(self, now: datetime) -> str:
        root = os.environ.get("AML_APP_ROOT") or os.getcwd()
        model = self.model_name, self.model_version, self.designation
        parts = (*self.workspace.split("/"), self.webservice_name, *model)
        safe = (part.replace(os.sep, "_").lstrip(".") or "default" for part in parts)
        folder = os.path.join(root, "modeldata", *safe, now.strftime("%Y"), now.strftime("%m"), now.strftime("%d"))
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, f"data-{os.getpid()}.csv")


def _rows(data: Any) -> List[List[Any]]:
    """A DataFrame's values, an array's rows, or a list's; a single value or row becomes one row."""
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    if hasattr(data, "tolist"):
        data = data.tolist()
    if not isinstance(data, (list, tuple)):
        return [[data]]
    return [list(row) if isinstance(row, (list, tuple)) else [row] for row in data]
