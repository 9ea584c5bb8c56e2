"""BentoML: a service with one worker; with its adaptive batching, at its defaults, when BENCH_BATCH is set."""

import os
from typing import Any

import bentoml
import script

BATCH = os.environ.get("BENCH_BATCH") == "1"

if os.environ["BENCH_KIND"] == "bytes":
    from pathlib import Path
    from typing import Annotated

    Data = Annotated[Path, bentoml.validators.ContentType("application/octet-stream")]
else:
    Data = list[Any]  # type: ignore[misc]


@bentoml.service(workers=1, traffic={"timeout": 60})
class Bench:
    def __init__(self) -> None:
        self.entry = script.loaded()

    if os.environ["BENCH_KIND"] == "bytes":

        @bentoml.api(route="/score")
        def score(self, data: Data, /) -> list[Any]:
            return self.entry.answer(data.read_bytes())

    else:

        @bentoml.api(route="/score", batchable=BATCH)
        def score(self, data: Data) -> list[Any]:
            return self.entry.answer(data)
