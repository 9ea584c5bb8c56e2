"""FastAPI on uvicorn: an async endpoint with a model of its body, as its tutorial writes them."""

import os
import sys
from typing import Any

import script
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

ENTRY = script.loaded()
app = FastAPI()


class Body(BaseModel):
    data: list[Any]


if os.environ["BENCH_KIND"] == "bytes":

    @app.post("/score")
    async def score_bytes(request: Request) -> list[Any]:
        return ENTRY.answer(await request.body())

else:

    @app.post("/score")
    async def score(body: Body) -> list[Any]:
        return ENTRY.answer(body.data)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
