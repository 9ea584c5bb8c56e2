"""`AMLResponse`: a response with a status and headers of the script's choice."""

import json
from typing import Any, Mapping

try:
    from flask import Response
except ImportError:
    from mldeploy_server.working.plain_response import Response  # type: ignore[import-not-found]


class AMLResponse(Response):  # type: ignore[misc]
    """`message` as it is, as JSON with `json_str`, or `{}` for None. Header values are split at commas."""

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: Mapping[str, str] = {},
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        if message is None or json_str:
            text = json.dumps({} if message is None else message)
            super().__init__(text, status=status_code, mimetype="application/json")
        else:
            super().__init__(message, status=status_code)
        self.headers["x-ms-run-function-failed"] = str(run_function_failed)
        if any(name.lower() == "content-type" for name in response_headers):
            self.headers.remove("Content-Type")
        for name, values in response_headers.items():
            for value in values.split(","):
                self.headers.add(name, value.strip())
