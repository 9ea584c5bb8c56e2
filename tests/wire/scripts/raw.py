"""A raw-HTTP script: does what the query's `do` names."""

import json

from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse


def init() -> None:
    pass


def stream():
    yield b"one"
    yield "two"
    yield b"three"


def broken_stream():
    yield b"one"
    yield b"two"
    raise ValueError("in the middle")


@rawhttp
def run(request: AMLRequest):
    do = request.args.get("do", "echo")
    if do == "echo":
        said = {
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode(),
            "args": request.args.to_dict(flat=False),
            "type": request.content_type,
            "mimetype": request.mimetype,
            "length": request.content_length,
            "own": request.headers.get("X-Own"),
            "json": request.is_json,
            "data": request.get_data(as_text=True),
        }
        return AMLResponse(said, 200, json_str=True)
    if do == "bytes":
        body = request.get_data()
        return AMLResponse(body[::-1], 200, {"Content-Type": "application/octet-stream", "x-kind": type(body).__name__})
    if do == "binary":
        return AMLResponse(request.get_data() + b"\xff", 200, {"Content-Type": "application/octet-stream"})
    if do == "form":
        files = {name: [file.filename, file.read().decode()] for name, file in request.files.items()}
        return AMLResponse({"form": request.form.to_dict(), "files": files}, 200, json_str=True)
    if do == "json":
        return AMLResponse(json.dumps(request.get_json(force=True)), 200)
    if do == "cookies":
        return AMLResponse(dict(request.cookies), 200, json_str=True)
    if do == "none":
        return AMLResponse(None, 202)
    if do == "text":
        return AMLResponse("plain ü", 200)
    if do == "commas":
        return AMLResponse("x", 200, {"x-list": "a, b,c", "Cache-Control": "no-cache, no-store"})
    if do == "failed":
        return AMLResponse({"e": 1}, 400, json_str=True, run_function_failed=True)
    if do == "error":
        return AMLResponse("down", 503)
    if do == "odd status":
        return AMLResponse("teapot", 418)
    if do == "id":
        return AMLResponse("x", 200, {"x-request-id": "from the script", "x-ms-request-id": "also"})
    if do == "dict":
        return {"plain": True}
    if do == "no content":
        return AMLResponse("", 204)
    if do == "raise":
        raise ValueError("no")
    from flask import Response, jsonify, redirect

    if do == "flask request":
        import flask

        return Response(str(flask.request.path == request.path), mimetype="text/plain")
    if do == "jsonify":
        return jsonify(a=1)
    if do == "redirect":
        return redirect("/elsewhere")
    if do == "cookie":
        answer = Response("x")
        answer.set_cookie("a", "1")
        answer.set_cookie("b", "2")
        return answer
    if do == "stream":
        return Response(stream(), mimetype="text/event-stream")
    if do == "broken stream":
        return Response(broken_stream())
    if do == "aml stream":
        return AMLResponse(stream(), 206, {"Content-Type": "application/octet-stream"})
    return AMLResponse("unknown: " + do, 404)
