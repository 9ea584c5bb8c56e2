"""The least that uvicorn can do: a raw ASGI application that calls `run` in its own loop."""

import json
import os
import sys
from typing import Any

import script
import uvicorn

RUN = script.loaded().run
AS_BYTES = os.environ["BENCH_KIND"] == "bytes"
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}


async def app(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    body = message["body"]
    if message.get("more_body"):
        parts = [body]
        while message.get("more_body"):
            message = await receive()
            parts.append(message["body"])
        body = b"".join(parts)
    content = json.dumps(RUN(body if AS_BYTES else body.decode())).encode()
    length = (b"content-length", str(len(content)).encode())
    await send({**START, "headers": [*START["headers"], length]})  # type: ignore[misc]
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
