"""NVIDIA's own client, `tritonclient`: python triton_client.py ADDRESS MODEL KEY. Prints what it saw as JSON."""

import asyncio
import json
import sys

import numpy
import tritonclient.http as http
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

ADDRESS, MODEL, KEY = sys.argv[1:]


def headers():
    """Anew for each call: the client adds its own to what it is given."""
    return {"Authorization": f"Bearer {KEY}"}


TYPES = [
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    "float16",
    "float32",
    "float64",
]
client = http.InferenceServerClient(ADDRESS)


def tensor(array, name="x", binary=True):
    made = http.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    return made.set_data_from_numpy(array, binary_data=binary)


def infer(*inputs, **options):
    found = client.infer(MODEL, list(inputs), headers=headers(), **options)
    return described(found)


def described(found):
    outputs = {one["name"]: found.as_numpy(one["name"]) for one in found.get_response()["outputs"]}
    return {name: [str(array.dtype), list(map(str, array.ravel()))] for name, array in outputs.items()}


def words(*texts):
    return numpy.array([text.encode() for text in texts], dtype=object)


def refused(**changes):
    options = {"model_name": MODEL, "inputs": [tensor(words("raise"))], "headers": headers(), **changes}
    try:
        client.infer(**options)
    except InferenceServerException as error:
        return [error.status(), error.message()]


async def later():
    async with aio.InferenceServerClient(ADDRESS) as beside:
        array = numpy.array([[1, 2]], dtype="float32")
        found = await beside.infer(MODEL, [tensor(array)], headers=headers())
        return [await beside.is_model_ready(MODEL, headers=headers()), described(found)]


def main():
    matrix = numpy.array([[1, 2, 3], [4, 5, 6]], dtype="float32")
    asked = [http.InferRequestedOutput("predict", binary_data=False)]
    two = [tensor(numpy.array([1, 2], dtype="int64"), "a"), tensor(words("abc", "d"), "b", binary=False)]
    print(
        json.dumps(
            {
                "live": client.is_server_live(headers()),
                "ready": client.is_server_ready(headers()),
                "model ready": client.is_model_ready(MODEL, headers=headers()),
                "another model ready": client.is_model_ready("another", headers=headers()),
                "server": client.get_server_metadata(headers()),
                "model": client.get_model_metadata(MODEL, headers=headers()),
                "binary": infer(tensor(matrix)),
                "json": infer(tensor(matrix, binary=False)),
                "asked for": infer(tensor(matrix), outputs=asked),
                "types": {name: infer(tensor(numpy.ones((2, 2), dtype=name))) for name in TYPES},
                "types as json": {name: infer(tensor(numpy.ones((2, 2), dtype=name), binary=False)) for name in TYPES},
                "several": infer(*two),
                "words": infer(tensor(words("words"))),
                "switches": infer(tensor(words("switches"))),
                "named": infer(tensor(words("json text"))),
                "a version": infer(tensor(matrix), model_version="1.0", request_id="42"),
                "gzip": infer(tensor(matrix), request_compression_algorithm="gzip"),
                "deflate": infer(tensor(matrix), request_compression_algorithm="deflate"),
                "packed answer": infer(tensor(matrix), response_compression_algorithm="gzip"),
                "threads": described(client.async_infer(MODEL, [tensor(matrix)], headers=headers()).get_result()),
                "aio": asyncio.run(later()),
                "raises": refused(),
                "no such model": refused(model_name="another"),
                "no such output": refused(
                    inputs=[tensor(words("json text"))], outputs=[http.InferRequestedOutput("none")]
                ),
                "no key": refused(headers={}),
            }
        )
    )


main()
client.close()
