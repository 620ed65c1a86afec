"""A simulated learner: signs in at the hub, opens a notebook, runs its cells one by one."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import nbformat
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.classroom.hub import ROOT, Hub

COURSE = "smtplab-course"
FORM = "application/x-www-form-urlencoded"
WITHIN = 180.0  # seconds that any one answer may take


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


class Student:
    """One learner and their browser."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.name = name
        self._hub = hub
        self._http = AsyncHTTPClient(force_instance=True)
        self._cookies: dict[str, str] = {}
        self._token = ""

    async def sign_in(self) -> None:
        """Through the hub's form, as a browser does, then ask for a token to work with."""
        await self.ask("GET", "/hub/login")
        form = {"username": self.name, "password": self._hub.password, "_xsrf": self._xsrf}
        answer = await self.ask("POST", "/hub/login", urlencode(form), FORM)
        assert answer.code == 302, answer.body
        await self.ask("GET", "/hub/home")
        made = await self.ask("POST", f"/hub/api/users/{self.name}/tokens?_xsrf={self._xsrf}")
        self._token = json.loads(made.body)["token"]
        self._cookies.clear()

    async def start_server(self) -> None:
        """Have the hub start this learner's server, and wait until it is there."""
        answer = await self.ask("POST", f"/hub/api/users/{self.name}/server")
        assert answer.code in (201, 202), answer.body
        told = await self.ask("GET", f"/hub/api/users/{self.name}/server/progress")
        assert b'"ready": true' in told.body, told.body

    async def stop_server(self) -> None:
        await self.ask("DELETE", f"/hub/api/users/{self.name}/server")

    async def open(self, notebook: str) -> Kernel:
        """The kernel of a notebook in this learner's own copy of the course."""
        path = f"{COURSE}/{notebook}"
        wanted = {
            "path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"},
        }  # fmt: skip
        answer = await self.ask("POST", f"{self.home}/api/sessions", body=json.dumps(wanted))
        assert answer.code == 201, answer.body
        kernel = json.loads(answer.body)["kernel"]["id"]
        url = f"{self._hub.url}{self.home}/api/kernels/{kernel}/channels"
        request = HTTPRequest(url.replace("http", "ws", 1), headers=self._headers())
        return Kernel(await websocket_connect(request, max_message_size=2**26))

    async def close_notebooks(self) -> None:
        """Shut the kernels down; a browser's tab that is closed would leave them running."""
        for session in json.loads((await self.ask("GET", f"{self.home}/api/sessions")).body):
            await self.ask("DELETE", f"{self.home}/api/sessions/{session['id']}")

    @property
    def home(self) -> str:
        return f"/user/{self.name}"

    async def ask(
        self, method: str, path: str, body: str | None = None, kind: str = "application/json"
    ) -> HTTPResponse:
        """One request; redirects are not followed."""
        answer = await self._http.fetch(
            HTTPRequest(
                self._hub.url + path,
                method,
                self._headers() | {"Content-Type": kind},
                body="" if body is None and method == "POST" else body,
                follow_redirects=False,
                request_timeout=WITHIN,
            ),
            raise_error=False,
        )
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        return answer

    def _headers(self) -> dict[str, str]:
        if self._token:
            return {"Authorization": f"token {self._token}"}
        return {"Cookie": "; ".join(f"{n}={v}" for n, v in self._cookies.items())}

    @property
    def _xsrf(self) -> str:
        return self._cookies["_xsrf"]

    def close(self) -> None:
        self._http.close()


def cells(notebook: str) -> Iterator[tuple[str, bool]]:
    """The code cells of a notebook of the course, and whether each is meant to raise."""
    for cell in nbformat.read(ROOT / "notebooks" / notebook, as_version=4).cells:
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
