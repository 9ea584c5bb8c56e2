"""KServe's own client: python kserve_client.py ADDRESS MODEL KEY. Prints what it saw as JSON."""

import asyncio
import json
import sys

import numpy
from httpx import HTTPStatusError
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

ADDRESS, MODEL, KEY = sys.argv[1:]
HEADERS = {"Authorization": f"Bearer {KEY}"}
BASE = f"http://{ADDRESS}"


def request(array, binary, **options):
    kind = {"float32": "FP32", "int64": "INT64", "object": "BYTES"}[str(array.dtype)]
    made = InferInput("input-0", list(array.shape), kind)
    made.set_data_from_numpy(array, binary_data=binary)
    return InferRequest(MODEL, [made], **options)


async def infer(client, asked):
    found = await client.infer(BASE, asked, model_name=MODEL, headers=dict(HEADERS))
    outputs = [[one.name, one.datatype, one.shape, one.as_numpy().tolist()] for one in found.outputs]
    return [found.id, found.model_name, found.model_version, outputs]


async def refused(client, asked, model=MODEL):
    try:
        await client.infer(BASE, asked, model_name=model, headers=dict(HEADERS))
    except HTTPStatusError as error:
        return [error.response.status_code, str(error)]


async def main():
    matrix = numpy.array([[1, 2], [3, 4]], dtype="float32")
    word = numpy.array([b"raise"], dtype=object)
    named = [RequestedOutput("predict", {"binary_data": True})]
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        print(
            json.dumps(
                {
                    "live": await client.is_server_live(BASE, HEADERS),
                    "ready": await client.is_server_ready(BASE, HEADERS),
                    "model ready": await client.is_model_ready(BASE, MODEL, HEADERS),
                    "another model ready": await client.is_model_ready(BASE, "another", HEADERS),
                    "json": await infer(client, request(matrix, False, request_id="7")),
                    "binary": await infer(client, request(matrix, True, request_id="8")),
                    "asked for": await infer(client, request(matrix, True, request_id="9", request_outputs=named)),
                    "raises": await refused(client, request(word, True)),
                    "no such model": await refused(client, request(matrix, True), "another"),
                }
            )
        )


asyncio.run(main())
