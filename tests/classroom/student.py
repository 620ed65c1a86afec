"""A simulated learner: signs in at the hub, has a server started, opens notebooks on it."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from tests.classroom.hub import Hub
from tests.kernels import WITHIN, At, Kernel, close_notebooks, open_notebook

COURSE = "smtplab-course"
FORM = "application/x-www-form-urlencoded"


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
        self._token = ""  # the form is for one who has none
        self._cookies.clear()
        await self.ask("GET", "/hub/login")
        form = {"username": self.name, "password": self._hub.password, "_xsrf": self._xsrf}
        answer = await self.ask("POST", "/hub/login", urlencode(form), FORM)
        assert answer.code == 302, answer.body
        await self.ask("GET", "/hub/home")
        made = await self.ask("POST", f"/hub/api/users/{self.name}/tokens?_xsrf={self._xsrf}")
        self._token = json.loads(made.body)["token"]

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
        return await open_notebook(self._at, f"{COURSE}/{notebook}")

    async def close_notebooks(self) -> None:
        await close_notebooks(self._at)

    @property
    def _at(self) -> At:
        return At(self._hub.url + self.home, self._token)

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
            return self._at.headers
        return {"Cookie": "; ".join(f"{n}={v}" for n, v in self._cookies.items())}

    @property
    def _xsrf(self) -> str:
        return self._cookies["_xsrf"]

    def close(self) -> None:
        self._http.close()
