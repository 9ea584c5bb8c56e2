"""LitServe: a LitAPI with one worker; with batching as it batches when BENCH_BATCH is set."""

import os
import sys
from typing import Any

import litserve
import script

BATCH = os.environ.get("BENCH_BATCH") == "1"


class Api(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.entry = script.loaded()

    def decode_request(self, request):  # an annotation would be read as the type of a FastAPI body
        return request["data"]

    def predict(self, data: Any) -> Any:
        return self.entry.answer(data)

    def encode_response(self, output):
        return output


class Batching(Api):
    """Requests of one row each, as the workloads with batching send them."""

    def batch(self, inputs: list[Any]) -> list[Any]:
        return [row for data in inputs for row in data]

    def unbatch(self, output: list[Any]) -> list[Any]:
        return [[one] for one in output]


class Uploads(Api):
    """Bytes reach a LitAPI as a file of a form."""

    def decode_request(self, request):
        return request["data"].file.read()


if __name__ == "__main__":
    kind = Uploads if os.environ["BENCH_KIND"] == "bytes" else Batching if BATCH else Api
    api = kind(api_path="/score", max_batch_size=64 if BATCH else 1)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
