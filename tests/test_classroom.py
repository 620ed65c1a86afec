"""A class on a real JupyterHub: two learners who cannot reach each other, and an end that is one.

`classroom/jupyterhub_config.py` is loaded as it is shipped; sign-in and spawner are the test's.
"""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import yaml  # type: ignore[import-untyped]

from tests.classroom.hub import ROOT, SHIPPED, Hub, jupyterhub
from tests.classroom.load import first_notebooks, run_class
from tests.classroom.processes import doors, is_kernel, listening, processes
from tests.classroom.student import Student
from tests.kernels import Kernel, cells
from tests.other_users import ANN, BEN
from tests.static_site import served
from tests.tools import missing
from tests.watch import wait_until

VALUES = yaml.safe_load((SHIPPED.parent / "values.yaml").read_text("utf-8"))
LESSON = "00-start-here.ipynb"

# What the chart's schema (values.schema.yaml, version 4) allows below these words, as far as it is
# used here: singleuser and cull take no other word.
CHART = {
    "": {"hub", "singleuser", "cull"},
    "hub": {"config"},
    "singleuser": {
        "image", "cmd", "defaultUrl", "extraEnv", "storage", "memory", "cpu", "networkPolicy",
    },
    "cull": {"timeout"},
}  # fmt: skip

LOADED = """
import json, sys
from traitlets.config import Config
from jupyterhub.app import JupyterHub
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner
hub = JupyterHub()
hub.load_config_file(sys.argv[1])
given = Config(json.loads(sys.argv[2]))
spawners = [SimpleLocalProcessSpawner(config=one) for one in (hub.config, given)]
door = DummyAuthenticator(config=given)
print(json.dumps([
    [s.cmd, s.default_url, s.environment, s.mem_limit, s.mem_guarantee] for s in spawners
] + [door.allow_all, door.password, JupyterHub(config=given).authenticator_class.__name__]))
"""


@pytest.fixture(scope="module")
def loaded() -> list:
    """What JupyterHub makes of both files; the chart hands these words on to the spawner."""
    one = VALUES["singleuser"]
    spawner = {
        "cmd": one["cmd"], "default_url": one["defaultUrl"], "environment": one["extraEnv"],
        "mem_limit": one["memory"]["limit"], "mem_guarantee": one["memory"]["guarantee"],
        "cpu_limit": one["cpu"]["limit"], "cpu_guarantee": one["cpu"]["guarantee"],
    }  # fmt: skip
    given = json.dumps(VALUES["hub"]["config"] | {"Spawner": spawner})
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(SHIPPED), given], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "unrecognized" not in done.stderr.lower()
    return json.loads(done.stdout)


def test_jupyterhub_takes_the_configuration_and_keeps_each_sandbox_in_memory(loaded) -> None:
    command, page, environment, limit, guarantee = loaded[0]
    assert environment == {"SMTPLAB_TRANSPORT": "memory"}
    assert (limit, guarantee) == (700 * 2**20, 250 * 2**20)
    assert page.endswith(f"/smtplab-course/{LESSON}") and command[:2] == ["sh", "-c"]


def test_nobody_but_the_shell_reads_a_dollar_in_the_command(loaded) -> None:
    """systemd would replace ${HOME} in it, with what it knows itself, and Kubernetes $(HOME)."""
    for command, *_ in loaded[:2]:
        assert "$HOME" in command[2] and "${" not in command[2] and "$(" not in command[2]


def test_on_kubernetes_a_learner_gets_the_same_as_on_one_machine(loaded) -> None:
    """But for the way to a kernel: each pod has ports of its own."""
    (ours, *rest), (theirs, *same) = loaded[:2]
    assert rest == same and ours[:2] == theirs[:2]
    assert ours[2].endswith(theirs[2])
    assert loaded[2:] == [True, "CHOOSE-ONE", "DummyAuthenticator"]


def test_the_values_use_no_word_that_the_chart_does_not_know() -> None:
    for place, words in CHART.items():
        assert set(VALUES[place] if place else VALUES) <= words
    assert VALUES["singleuser"]["image"].keys() == {"name", "tag"}


def test_the_link_fetches_this_project_and_opens_a_notebook_that_there_is() -> None:
    page = (SHIPPED.parent / "README.md").read_text("utf-8")
    (link,) = [line for line in page.splitlines() if "git-pull?" in line]
    asked = dict(parse_qsl(urlsplit(link).query, strict_parsing=True))
    assert asked.keys() == {"repo", "branch", "urlpath"}
    clone = asked["repo"].rpartition("/")[2]  # the folder's name, as nbgitpuller takes it
    opened = asked["urlpath"].removeprefix(f"lab/tree/{clone}/")
    assert (SHIPPED.parents[1] / opened).is_file()


# The class.


@dataclass(frozen=True)
class Class:
    """Ann and Ben have signed in, have their servers, and have opened lesson 00."""

    hub: Hub
    homes: Path
    run: asyncio.Runner
    ann: Student
    ben: Student
    kernels: dict[str, Kernel]


@pytest.fixture(scope="module")
def room() -> Iterator[Class]:
    if sys.platform != "linux":
        pytest.skip("platform: the processes of a class are found in /proc")
    with tempfile.TemporaryDirectory(prefix="smtplab-hub-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # git asks whether a learner may pass here, on the way to their home
        with jupyterhub(folder, ["ann", "ben"]) as hub, asyncio.Runner() as runner:
            ann, ben = Student(hub, "ann"), Student(hub, "ben")
            kernels = dict(zip(("ann", "ben"), runner.run(_open(ann, ben)), strict=True))
            yield Class(hub, folder / "homes", runner, ann, ben, kernels)
            for one in (ann, ben):
                one.close()


async def _open(*students: Student) -> list[Kernel]:
    async def one(student: Student) -> Kernel:
        await student.sign_in()
        await student.start_server()
        return await student.open(LESSON)

    return await asyncio.gather(*map(one, students))


def value(room: Class, name: str, expression: str):
    """What an expression is worth in the kernel of Ann or Ben."""
    code = f"import json, os, socket\nprint(json.dumps({expression}))"
    return room.run.run(room.kernels[name].value(code))


def test_two_learners_run_lesson_00_at_the_same_time_and_are_weighed(room: Class) -> None:
    students = room.ann, room.ben
    figures = room.run.run(run_class(room.hub, students, first_notebooks(1)))
    assert len(figures.steps) == 2 * len(list(cells(LESSON))) > 20
    assert 50 < figures.server < 250 and 40 < figures.kernel < 200  # megabytes
    assert figures.p50 < figures.p95 < 10_000 and 2 < figures.processor < 60
    for name, student in zip(("ann", "ben"), students, strict=True):
        room.kernels[name].close()  # of the notebook that was closed and opened anew
        room.kernels[name] = room.run.run(student.open(LESSON))
    assert [value(room, name, "os.getuid()") for name in ("ann", "ben")] == [ANN, BEN]


def test_a_kernel_of_the_hub_has_no_port_that_another_could_have_been_given(room: Class) -> None:
    """A port is chosen by the server and bound by the kernel; between, somebody may take it."""
    reached = "json.loads(__import__('ipykernel').get_connection_info())['transport']"
    assert [value(room, name, reached) for name in ("ann", "ben")] == ["ipc", "ipc"]


def test_the_home_of_a_learner_with_a_long_name_has_ports(loaded) -> None:
    """A socket's path may have 107 octets, and a longer one would end every kernel at its start."""
    shell, option, words, name = loaded[0][0]
    said = words.replace("smtplab copy", ": copy").replace("exec jupyterhub-singleuser", "echo")
    for home, ports_or_not in (
        ("/home/" + "a" * 38, "--KernelManager.transport=ipc\n"),
        ("/home/" + "a" * 39, "\n"),
    ):
        done = subprocess.run(
            [shell, option, said, name], env={"HOME": home}, capture_output=True, text=True
        )
        assert done.stdout == ports_or_not


def test_a_sandbox_of_the_hub_has_no_port_that_anybody_could_find(room: Class) -> None:
    assert value(room, "ann", "[sandbox.transport, len(sandbox.bound_ports)]") == ["memory", 0]


def test_over_tcp_a_fellow_learner_gets_in_at_no_port(room: Class) -> None:
    """A learner may ask for TCP, so that swaks can join; the room must stay outside."""
    room.run.run(room.kernels["ann"].run("tcp = Sandbox('tcp').start()"))
    doors = value(room, "ann", "[p for o, p in tcp.bound_ports.items() if o.tls != 'implicit']")
    heard = "[socket.create_connection(('127.0.0.1', p), 10).recv(99).decode() for p in {}]"
    for words in value(room, "ben", heard.format(doors)):
        assert "belongs to another user" in words
    assert value(room, "ann", "len(tcp.transcript)") == 0
    for words in value(room, "ann", heard.format(doors)):
        assert words.startswith(("220 ", "+OK", "* OK"))


def test_the_hub_lets_nobody_into_the_server_of_another(room: Class) -> None:
    contents = f"{room.ann.home}/api/contents"
    assert room.run.run(room.ann.ask("GET", contents)).code == 200
    assert room.run.run(room.ben.ask("GET", contents)).code in (403, 404)


def test_the_link_brings_the_newest_notebooks_and_keeps_what_a_learner_changed(
    room: Class, tmp_path: Path
) -> None:
    """nbgitpuller fetches twice; between, Ann and the teacher have changed the same line."""
    if importlib.util.find_spec("nbgitpuller") is None:
        missing("nbgitpuller", "pip install nbgitpuller")
    project, own = tmp_path / "smtplab", room.homes / "ann" / "smtplab" / LESSON
    project.mkdir()
    lesson = project / LESSON
    first = (ROOT / "notebooks" / LESSON).read_text("utf-8")
    with served(project / ".git") as url:
        lesson.write_text(first, "utf-8")
        as_published(project)
        assert "finished" in room.run.run(pulled(room.ann, url))
        assert own.read_text("utf-8") == first
        mine = first.replace("Start here", "Mine", 1)
        own.write_text(mine, "utf-8")
        lesson.write_text(first.replace("Start here", "Begin here", 1), "utf-8")
        (project / "news.md").write_text("A new exercise.\n")
        as_published(project)
        assert "finished" in room.run.run(pulled(room.ann, url))
    assert (own.parent / "news.md").read_text() == "A new exercise.\n"
    assert own.read_text("utf-8") == mine != first


def as_published(project: Path) -> None:
    """All that is in the folder, as one more edition on the branch TAG, for a plain web server."""
    commit = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.org", "commit"]
    for words in (
        ["init", "-b", "TAG"], ["add", "-A"], [*commit, "-m", "An edition"], ["update-server-info"],
    ):  # fmt: skip
        subprocess.run(["git", *words], cwd=project, check=True, capture_output=True)


async def pulled(student: Student, url: str) -> str:
    """What nbgitpuller's page hears while it fetches; a plain web server has the whole history."""
    asked = urlencode({"repo": url, "branch": "TAG", "targetpath": "smtplab", "depth": 0})
    return (await student.ask("GET", f"{student.home}/git-pull/api?{asked}")).body.decode()


def test_each_learner_has_progress_of_their_own(room: Class) -> None:
    """The exercise is solved by Ann alone."""
    solve = "c = sandbox.connect(port=465); c.ehlo(); c.quit(); check('0.2', sandbox)"
    room.run.run(room.kernels["ann"].run(solve))
    there = "sorted(p for p in os.listdir() if 'progress' in p)"
    assert value(room, "ann", there) == [".smtplab-progress.json"]
    assert value(room, "ben", there) == []


def test_killing_one_kernel_leaves_the_other_untouched(room: Class) -> None:
    room.run.run(room.kernels["ben"].run("talk = sandbox.connect(); talk.ehlo()"))
    (pid,) = filter(is_kernel, processes(room.hub.mark, "ann"))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert value(room, "ben", "talk.noop().code") == 250
    assert value(room, "ben", "len(sandbox.transcript) > 3")


def test_a_class_that_starts_over_leaves_no_process_and_no_port_behind(room: Class) -> None:
    before = [pid for name in ("ann", "ben") for pid in processes(room.hub.mark, name)]
    open_then = doors(before)
    assert len(before) >= 3 and open_then

    async def again() -> list[Kernel]:
        for student in (room.ann, room.ben):
            await student.stop_server()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))
        assert not open_then & listening()
        return await _open(room.ann, room.ben)

    for kernel in room.kernels.values():
        kernel.close()
    room.kernels.update(zip(("ann", "ben"), room.run.run(again()), strict=True))
    room.run.run(room.kernels["ann"].run("from smtplab import Sandbox; s = Sandbox().start()"))
    assert value(room, "ann", "len(s.inbox('bob@example.net'))") == 0


def test_the_end_of_the_hub_is_the_end_of_everything_it_started(room: Class) -> None:
    pids = list(processes(room.hub.mark))
    open_then = doors(pids)
    assert len(pids) >= 6 and len(open_then) > 4
    for kernel in room.kernels.values():
        kernel.close()
    room.hub.stop()
    assert not list(processes(room.hub.mark))
    assert not open_then & listening()
