"""A real JupyterLab in a real Chromium, all on loopback and in folders of its own."""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from tests.free_ports import free_port, is_listening
from tests.kernels import At
from tests.watch import wait_until

ROOT = Path(__file__).resolve().parents[1]

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

START_LIMIT = 120.0  # seconds
STEP_LIMIT = 60_000  # milliseconds that anything on the page may take

READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  let panel = null;
  while (!(panel && panel.sessionContext)) {
    panel = app.shell.currentWidget;
    await new Promise(requestAnimationFrame);
  }
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  app.shell.activateById(panel.id);
  while (!app.commands.isEnabled('notebook:run-all-cells')) {
    await new Promise(requestAnimationFrame);
  }
}"""
# Not awaited: the command ends when the kernel is idle again, and a lost idle mark would hang it.
RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"

# No news, no questions, no autosave that could touch the notebook while it is read.
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


@contextmanager
def jupyterlab(folder: Path, home: Path, python: str = sys.executable) -> Iterator[str]:
    """JupyterLab on a free port of loopback, opened on `folder`; gives the URL of a notebook.

    `reset` in it forgets the tabs that an earlier page had open. `python` belongs to the
    environment that JupyterLab and its kernels come from; `smtplab` is always this clone's.
    """
    for name, values in _SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "HOME": "home",
    }
    environment = dict(os.environ) | {name: str(home / place) for name, place in own.items()}
    environment["PYTHONPATH"] = str(ROOT)
    (home / "home").mkdir(exist_ok=True)
    module = ["jupyterlab", "--LabApp.expose_app_in_browser=True"]
    with serving(module, folder, environment, python) as (at, _):
        yield f"{at.url}/lab/tree/{{}}?reset&token={at.token}"


@contextmanager
def serving(
    module: list[str], folder: Path, environment: dict[str, str], python: str = sys.executable
) -> Iterator[tuple[At, int]]:
    """A Jupyter server on a free port of loopback, opened on `folder`, and its process id.

    `module` is what Python runs: its name, and options of its own.
    """
    token, port = secrets.token_hex(16), free_port()
    with TemporaryDirectory(prefix="smtplab-") as runtime:
        process = subprocess.Popen(
            [
                python, "-m", *module, "--no-browser", "--allow-root",
                "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
                "--KernelManager.transport=ipc",  # a port could go to somebody else's kernel
            ],
            env=environment | {"JUPYTER_RUNTIME_DIR": runtime}, cwd=folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        log, started = _Log(process), False
        try:
            started = log.ready.wait(START_LIMIT) and log.says_where
            assert started, "Jupyter did not start:\n" + "".join(log.lines[-20:])
            wait_until(lambda: is_listening(port))  # it says where it is before it is there
            yield At(f"http://127.0.0.1:{port}", token), process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:  # all is shut down, and a thread of its own keeps it
                process.kill()
                process.wait(30)
            log.thread.join(30)
            assert process.stderr is not None
            process.stderr.close()


class _Log:
    """Reads the server's log, so that the pipe never fills, and finds its address in it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.lines: list[str] = []
        self.says_where = False
        self.ready = threading.Event()
        self._process = process
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if not self.says_where and re.search(r"http://127\.0\.0\.1:\d+/\w", line):
                self.says_where = True
                self.ready.set()
        self.ready.set()


@contextmanager
def chromium(executable: str):
    """The system's Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


KNOWN = "Cannot read properties of null (reading 'processLuminoMessage')"
"""ipywidgets 8.1 tells this where Python changes a card before the page has laid it out: the part
that was taken away still gets a message. Its panels have a guard against it, its other views do
not. Nothing is lost of what the learner sees."""


class Watch:
    """What a page must not do: write errors to its console, or ask anyone outside loopback."""

    def __init__(self, page) -> None:
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._failed(str(error)))
        page.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self._refuse)

    def _said(self, message) -> None:
        if message.type == "error":
            self._failed(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, error: str) -> None:
        if KNOWN not in error:
            self.errors.append(error)

    def _refuse(self, route) -> None:
        if urlsplit(route.request.url).scheme in ("http", "https", "ws", "wss"):
            self.outside.append(route.request.url)
            route.abort()
        else:
            route.continue_()


def open_notebook(page, url: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.set_default_timeout(STEP_LIMIT)
    page.goto(url)
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate(READY)


def open_and_run(page, url: str) -> None:
    """Open a notebook, wait for its kernel, and run all cells."""
    open_notebook(page, url)
    page.evaluate(RUN_ALL)


THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}


def use_theme(page, theme: str) -> None:
    """Switch JupyterLab to one of `THEMES`."""
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        THEMES[theme],
    )
    page.wait_for_selector(f"body[data-jp-theme-name='{THEMES[theme]}']", state="attached")
    page.wait_for_selector("#jupyterlab-splash", state="detached")


def close(page) -> None:
    """Close a page and end its kernel, which would live on in the server."""
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.close()


def close_file_browser(page) -> None:
    """Give the notebook the whole width."""
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
