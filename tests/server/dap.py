"""A debugger of a few lines: debugpy's own adapter, which listens for a debuggee, and a client that speaks DAP."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


class Debugger:
    """Listens on a port of loopback. Use it as a context manager; `begin` after something has connected."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._number = 0
        self._waiting: list[dict[str, Any]] = []

    def __enter__(self) -> Debugger:
        self._adapter = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
        self._attach = self._send("attach", listen={"host": "127.0.0.1", "port": self.port}, justMyCode=True)
        self.event("debugpyWaitingForServer")
        return self

    def __exit__(self, *failure: object) -> None:
        self._adapter.kill()
        self._adapter.communicate()

    def begin(self, path: str, *lines: int) -> None:
        """Set breakpoints and let the debuggee go on."""
        self.event("initialized")
        placed = self.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": line} for line in lines])
        assert all(point["verified"] for point in placed["breakpoints"]), placed
        self.ask("configurationDone")
        self._answer(self._attach)

    def stopped(self) -> tuple[int, int]:
        """Wait for a breakpoint; the thread and the id of its topmost frame."""
        event = self.event("stopped")
        assert event["reason"] == "breakpoint", event
        thread = event["threadId"]
        return thread, self.ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self._answer(self._send(command, **arguments))

    def event(self, name: str) -> dict[str, Any]:
        return self._next(lambda message: message.get("event") == name).get("body", {})

    def _answer(self, number: int) -> dict[str, Any]:
        answer = self._next(lambda message: message.get("request_seq") == number)
        assert answer["success"], answer
        return answer.get("body", {})

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        content = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        text = json.dumps(content).encode()
        self._adapter.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(text), text))
        self._adapter.stdin.flush()
        return self._number

    def _next(self, fits: Any) -> dict[str, Any]:
        """The first message that fits; the others wait for who asks for them."""
        for message in self._waiting:
            if fits(message):
                self._waiting.remove(message)
                return message
        while not fits(message := self._read()):
            self._waiting.append(message)
        return message

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._adapter.stdout.readline().strip():
            length = int(line.partition(b":")[2])
        assert length, "the adapter has ended"
        return json.loads(self._adapter.stdout.read(length))
