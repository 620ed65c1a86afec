"""Notebooks run as a browser does it: a session with the Jupyter server, messages to a kernel."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WITHIN = 180.0  # seconds that any one answer may take


@dataclass(frozen=True)
class At:
    """A Jupyter server and the token that opens it."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the server's API says, read as JSON; None if it says nothing."""
        text = None if body is None else json.dumps(body)
        request = HTTPRequest(
            f"{self.url}/api/{path}",
            method,
            self.headers,
            text,
            connect_timeout=WITHIN,
            request_timeout=WITHIN,
        )
        said = (await AsyncHTTPClient().fetch(request)).body
        return json.loads(said) if said else None


async def open_notebook(at: At, path: str) -> Kernel:
    """The kernel of a notebook; opened a second time, it is the same one."""
    wanted = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = (await at.ask("POST", "sessions", wanted))["kernel"]["id"]
    address = f"{at.url}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
    request = HTTPRequest(
        address, headers=at.headers, connect_timeout=WITHIN, request_timeout=WITHIN
    )
    return Kernel(await websocket_connect(request, max_message_size=2**26))


async def close_notebooks(at: At) -> None:
    """Shut the kernels down; a tab that is closed would leave them running."""
    for session in await at.ask("GET", "sessions"):
        await at.ask("DELETE", f"sessions/{session['id']}")


class CellFailed(AssertionError):
    """A cell raised, and its notebook does not say that it should."""


class Kernel:
    """A running kernel and the connection to it."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._session = uuid.uuid4().hex

    async def run(self, code: str) -> tuple[str, str]:
        """Run one cell to its end: what it printed, and the name of the error, if it raised."""
        message = uuid.uuid4().hex
        header = {
            "msg_id": message, "msg_type": "execute_request", "session": self._session,
            "username": "", "version": "5.3", "date": "1970-01-01T00:00:00Z",
        }  # fmt: skip
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        await self._socket.write_message(
            json.dumps(
                {
                    "header": header, "parent_header": {}, "metadata": {}, "content": content,
                    "channel": "shell", "buffers": [],
                }
            )
        )  # fmt: skip
        printed, raised, left = "", "", {"execute_reply", "idle"}
        while left:
            said = await asyncio.wait_for(self._socket.read_message(), WITHIN)
            if said is None:
                raise ConnectionError("the kernel's connection has ended")
            if isinstance(said, bytes):  # with buffers: a widget's picture
                continue
            told = json.loads(said)
            if told["parent_header"].get("msg_id") != message:
                continue
            kind, body = told["msg_type"], told["content"]
            if kind == "stream":
                printed += body["text"]
            elif kind == "execute_reply":
                left.discard(kind)
                raised = body.get("ename", "") if body["status"] == "error" else ""
            elif kind == "status" and body["execution_state"] == "idle":
                left.discard("idle")
        return printed, raised

    async def value(self, code: str) -> Any:
        """What the code prints, read as JSON."""
        printed, raised = await self.run(code)
        assert not raised, raised
        return json.loads(printed)

    def close(self) -> None:
        self._socket.close()


def cells(notebook: str) -> Iterator[tuple[str, bool]]:
    """The code cells of a notebook of the course, and whether each is meant to raise."""
    import nbformat  # not above: see `tests.lab_pages.lab_page`

    for cell in nbformat.read(NOTEBOOKS / notebook, as_version=4).cells:
        if cell.cell_type == "code":
            yield cell.source, "raises-exception" in cell.metadata.get("tags", [])


async def run_notebook(kernel: Kernel, notebook: str) -> AsyncIterator[float]:
    """Run every cell; gives the seconds of each, from the key to the last word."""
    for code, may_raise in cells(notebook):
        begin = time.perf_counter()
        _, raised = await kernel.run(code)
        if raised and not may_raise:
            raise CellFailed(f"{notebook}: {raised}\n{code}")
        yield time.perf_counter() - begin
