"""What a hub has started: its processes, their memory and the ports they listen on (Linux)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "SMTPLAB_CLASS"
"""The variable in the environment by which every process of one hub is known."""

_LISTENS = "0A"  # TCP_LISTEN, linux/tcp_states.h


def processes(mark: str, user: str | None = None) -> Iterator[int]:
    """Those that carry the mark; with `user`, those of one learner."""
    wanted = [f"{MARK}={mark}".encode()]
    if user is not None:
        wanted.append(f"JUPYTERHUB_USER={user}".encode())
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):  # it has ended meanwhile, or is somebody else's
                found = (folder / "environ").read_bytes().split(b"\0")
                if all(one in found for one in wanted):
                    yield int(folder.name)


def is_kernel(pid: int) -> bool:
    return b"ipykernel_launcher" in Path(f"/proc/{pid}/cmdline").read_bytes()


def memory(pid: int) -> int:
    """The proportional set size in octets: what is shared counts in part (proc(5))."""
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        return int(found[1]) * 1024 if found else 0
    return 0


def processor_time(pid: int) -> float:
    """Seconds of a processor that it has used, with its children that have ended (proc(5))."""
    with suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, after_name[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0


def doors(pids: list[int]) -> set[tuple[int, str]]:
    """Where these processes listen: port and inode of each socket."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):
            for file in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(os.readlink(file))
    return {(port, inode) for port, inode in listening() if f"socket:[{inode}]" in inodes}


def listening() -> set[tuple[int, str]]:
    """Port and inode of each socket on this machine that listens; a port may be taken anew."""
    rows = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS:
                    rows.add((int(words[1].rpartition(":")[2], 16), words[9]))
    return rows
