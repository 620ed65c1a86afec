"""What `smtplab doctor` looks at, one function each; nothing leaves this machine but `egress`."""

from __future__ import annotations

import json
import os
import platform
import queue
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

KERNEL_LIMIT = 60.0  # seconds; a cold start on a slow machine takes about 10
EGRESS_LIMIT = 10.0  # seconds; a blocked port is silent, and nobody waits longer
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_OUTSIDE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_IN_THE_KERNEL = """\
import ipywidgets
from smtplab import Console, Sandbox
with Sandbox("memory") as sandbox:
    console = Console(sandbox)
    print(console.press("EHLO").code)
"""


class State(StrEnum):
    """How a finding is meant."""

    WELL = "well"
    NOTE = "note"  # the course works; somebody may want to know
    BROKEN = "broken"  # a part of the course will not work


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` is "" where nothing has to be done."""

    subject: str
    state: State
    text: str
    advice: str = ""


def versions() -> Iterator[Finding]:
    """Python, the system, and each package that smtplab needs, against what it asks for."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    place = "in an environment of its own" if sys.prefix != sys.base_prefix else "the system's own"
    yield Finding("Python", State.WELL, f"{python}, {place}")
    yield Finding("system", State.WELL, f"{platform.system()} {platform.machine()}")
    from packaging.requirements import Requirement

    try:
        smtplab = metadata.version("smtplab")
        wanted = metadata.requires("smtplab") or []
    except metadata.PackageNotFoundError:
        advice = "Install it: python -m pip install smtplab, or python3 start.py in a clone."
        yield Finding("smtplab", State.BROKEN, "not installed in this Python", advice)
        return
    yield Finding("smtplab", State.WELL, smtplab)
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement.name, requirement.specifier)


def _package(name: str, wanted: Any) -> Finding:
    advice = "In a terminal: python -m pip install --upgrade smtplab"
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, State.BROKEN, "missing", advice)
    if not wanted.contains(found, prereleases=True):
        return Finding(name, State.BROKEN, f"{found}, but {wanted} is wanted", advice)
    return Finding(name, State.WELL, found)


def kernel_and_widgets(limit: float = KERNEL_LIMIT) -> Iterator[Finding]:
    """Start a kernel as JupyterLab does, let it show a console, and see the console's messages."""
    from jupyter_client.kernelspec import NoSuchKernel
    from jupyter_client.manager import start_new_kernel

    advice = "Start it by hand to see why: python -m ipykernel_launcher --version"
    try:
        manager, client = start_new_kernel(
            startup_timeout=limit, kernel_name="python3", stderr=subprocess.DEVNULL
        )
    except (NoSuchKernel, RuntimeError, OSError) as reason:
        yield Finding("kernel", State.BROKEN, f"does not start: {type(reason).__name__}", advice)
        return
    try:
        printed, opened, error = _run(client, _IN_THE_KERNEL, limit)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if printed.strip() == "250":
        yield Finding("kernel", State.WELL, "starts, and EHLO gets 250 in it")
    else:
        text = f"starts, but the sandbox does not run in it: {error or 'no word from it'}"
        yield Finding("kernel", State.BROKEN, text, "Its Python may be another one than this.")
    yield _front_end(opened)


def _run(client: Any, code: str, limit: float) -> tuple[str, int, str]:
    """What the code printed, how many widgets it opened, and the name of its error."""
    message, printed, opened, error = client.execute(code), "", 0, ""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            reply = client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            break
        if reply["parent_header"].get("msg_id") != message:
            continue
        kind, content = reply["msg_type"], reply["content"]
        if kind == "stream" and content["name"] == "stdout":
            printed += content["text"]
        elif kind == "comm_open":
            opened += 1
        elif kind == "error":
            error = str(content["ename"])
        elif kind == "status" and content["execution_state"] == "idle":
            break
    return printed, opened, error


def _front_end(opened: int) -> Finding:
    """Whether JupyterLab has the part that draws widgets, and the kernel the part that sends."""
    from jupyter_core.paths import jupyter_path

    if not opened:
        text = "the kernel opened none: the console will be text only"
        return Finding("widgets", State.BROKEN, text, "Is ipywidgets in the kernel's Python?")
    for folder in map(Path, jupyter_path("labextensions")):
        file = folder / "@jupyter-widgets" / "jupyterlab-manager" / "package.json"
        if file.is_file():
            version = json.loads(file.read_bytes()).get("version", "of unknown version")
            text = f"{opened} opened by the kernel; JupyterLab draws them with {version}"
            return Finding("widgets", State.WELL, text)
    advice = "Install jupyterlab_widgets where JupyterLab is, and reload its page."
    return Finding("widgets", State.BROKEN, "JupyterLab lacks the part that draws them", advice)


def loopback() -> Finding:
    """The sandbox over real TCP on this machine, TLS included."""
    from smtplab.errors import SMTPLabError
    from smtplab.lessons import signed_in
    from smtplab.sandbox import Sandbox

    try:
        with Sandbox("tcp") as sandbox, signed_in(sandbox):
            return Finding("loopback", State.WELL, "the sandbox listens, STARTTLS and AUTH work")
    except (SMTPLabError, OSError) as error:
        advice = "SMTPLAB_TRANSPORT=memory runs the course without; a firewall may be the reason."
        return Finding("loopback", State.NOTE, f"no TCP: {type(error).__name__}", advice)


def proxy(environment: Mapping[str, str] = os.environ) -> Finding:
    """A proxy must not stand between the browser and JupyterLab on this machine."""
    found = {n: environment[n] for n in (*_PROXIES, *_OUTSIDE) if environment.get(n)}
    if not found:
        return Finding("proxy", State.WELL, "none is set")
    hosts = ", ".join(sorted({_host_of(value) for value in found.values()}))
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    names = {name.strip().lower() for name in spared.split(",")}
    if "*" in names or {"localhost", "127.0.0.1"} <= names:
        return Finding("proxy", State.WELL, f"{hosts}; this machine is spared")
    advice = "Set NO_PROXY=localhost,127.0.0.1 if the course does not open in the browser."
    return Finding("proxy", State.NOTE, f"{hosts}; this machine is not spared", advice)


def _host_of(address: str) -> str:
    """Where a proxy is, without the name and password that its address may hold."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        return f"{parts.hostname or 'unnamed'}:{parts.port or 'default port'}"
    except ValueError:
        return "an address that cannot be read"


def egress(host: str, port: int = 25) -> Finding:
    """Whether this network lets a program out to port 25 of a real server; says QUIT at once."""
    from smtplab.client import Client, Settings
    from smtplab.errors import ConnectionLost, SMTPLabError
    from smtplab.guard import is_loopback

    settings, real = Settings(timeout=EGRESS_LIMIT), not is_loopback(host)
    try:
        with Client.connect(host, port, real=real, settings=settings) as client:
            text = f"open: {host} greets with {client.greeting.code}"
            client.quit()
        return Finding(
            "port 25", State.NOTE, text, "Most networks close it; the course needs none."
        )
    except ConnectionLost:
        text = f"closed, or {host} does not answer there"
        return Finding("port 25", State.WELL, text, "Usual in homes, schools and clouds.")
    except SMTPLabError as error:
        return Finding("port 25", State.NOTE, f"not asked: {error}", "Name another host.")
