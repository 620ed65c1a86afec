"""A real JupyterHub on loopback, with the project's own configuration for a classroom."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.classroom.processes import MARK
from tests.free_ports import free_port
from tests.other_users import ANN, as_user
from tests.tools import find_tool, node_module

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "classroom" / "jupyterhub_config.py"
START_WITHIN = 180.0  # seconds
STOP_WITHIN = 60.0

CONFIG = """
import json, os
from pathlib import Path

c = get_config()
load_subconfig({shipped!r})
ours = json.loads(Path({settings!r}).read_text())

c.JupyterHub.bind_url = ours["url"]
c.JupyterHub.hub_bind_url = ours["hub_url"]
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cookie_secret_file = ours["folder"] + "/cookie_secret"
c.ConfigurableHTTPProxy.api_url = ours["proxy_url"]
c.ConfigurableHTTPProxy.command = ours["proxy"]
c.ConfigurableHTTPProxy.pid_file = ours["folder"] + "/proxy.pid"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = ours["password"]
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "teacher", "api_token": ours["teacher"]}}]
c.JupyterHub.load_roles = [
    {{"name": "teacher", "services": ["teacher"], "scopes": ["admin:servers", "list:users"]}}
]

c.JupyterHub.spawner_class = "simple"  # a local process, and no account of the system
c.SimpleLocalProcessSpawner.home_dir_template = ours["folder"] + "/homes/{{username}}"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
c.Spawner.environment.update(ours["environment"])


def as_a_user_of_their_own(spawner):
    home = Path(ours["folder"], "homes", spawner.user.name)
    home.mkdir(parents=True, exist_ok=True)
    before = ours["before"].get(spawner.user.name)
    if before is not None:
        os.chown(home, before["uid"], before["uid"])
        spawner.cmd = before["words"] + c.Spawner.cmd


c.Spawner.pre_spawn_hook = as_a_user_of_their_own
"""


@dataclass(frozen=True)
class Hub:
    """A running hub: its address, the word that opens it, the mark that its processes carry."""

    url: str
    password: str
    teacher: str  # the token of one who may start and stop every server
    mark: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    running: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End the hub as a service manager does, and with it every server."""
        self.process.terminate()
        self.process.wait(STOP_WITHIN)

    def read(self) -> None:
        """Keep what it says, until it ends."""
        assert self.process.stderr is not None
        with self.process.stderr as said:
            for line in said:
                self.lines.append(line)
                if "is now running at" in line:
                    self.running.set()
        self.running.set()


@contextmanager
def jupyterhub(folder: Path, students: Sequence[str], *, separate: bool = True) -> Iterator[Hub]:
    """A hub in `folder`; `separate` students are users of the system, which wants root."""
    urls = [f"http://127.0.0.1:{port}" for port in (free_port(), free_port(), free_port())]
    hub_process_environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("JUPYTER", "PYTEST", "SMTPLAB", "COV"))
    }
    mark, password, teacher = (secrets.token_hex(16) for _ in range(3))
    node = find_tool("node") or "node"
    module = Path(node_module("configurable-http-proxy"), "configurable-http-proxy")
    before = {
        name: {"uid": ANN + number, "words": as_user(ANN + number)}
        for number, name in enumerate(students)
        if separate
    }
    settings = {
        "folder": str(folder), "url": urls[0], "hub_url": urls[1], "proxy_url": urls[2],
        "proxy": [node, str(module / "bin" / "configurable-http-proxy")], "before": before,
        "password": password, "teacher": teacher,
        "environment": {MARK: mark, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings))
    config = folder / "jupyterhub_config.py"
    config.write_text(CONFIG.format(shipped=str(SHIPPED), settings=str(folder / "settings.json")))
    bin_folder = str(Path(sys.executable).parent)
    environment = hub_process_environment | {
        MARK: mark, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterhub", "-f", str(config)],
        cwd=folder, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    hub = Hub(urls[0], password, teacher, mark, process)
    reader = threading.Thread(target=hub.read)
    reader.start()
    try:
        running = hub.running.wait(START_WITHIN) and process.poll() is None
        assert running, "JupyterHub did not start:\n" + "".join(hub.lines[-30:])
        yield hub
    finally:
        hub.stop()
        reader.join(STOP_WITHIN)
