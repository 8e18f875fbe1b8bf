"""The yardstick of `bench.service`: an endpoint that parses the body and does nothing else. `python -m bench.parse_only PORT`."""

from __future__ import annotations

import sys

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/")
async def parse(request: Request) -> Response:
    """An empty object for any JSON."""
    orjson.loads(await request.body())
    return Response(b"{}", media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
