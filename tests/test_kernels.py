"""Kernels that are reached by sockets: not by ports, which two could be given at one moment."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smtplab.cli import lab
from smtplab.cli.kernels import reached_in, transport

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="platform: no socket files")


def test_a_kernel_has_ports_only_where_no_socket_can_lie() -> None:
    with TemporaryDirectory(prefix="smtplab-") as place:
        folder = Path(place)
        assert reached_in(folder)["transport"] == "ipc" and not list(folder.iterdir())
        long = folder / ("x" * 90)
        long.mkdir()
        assert reached_in(long)["transport"] == "tcp"
        assert transport(folder / "missing" / "kernel.json") == "tcp"
        (folder / "kernel-ipc-0").touch()  # whoever made it, it is theirs
        assert transport(folder / "kernel.json") == "tcp" and list(folder.glob("*ipc-0"))


@pytest.mark.parametrize(("length", "way"), [(1, "ipc"), (90, "tcp")])
def test_the_course_is_opened_with_kernels_that_are_reached_by_sockets(
    length: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(prefix="smtplab-") as place:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(Path(place, "x" * length)))
        options = lab.lab_options(Path(place), port=None, browser=False, instructor=False, extra=[])
    assert f"--KernelManager.transport={way}" in options
