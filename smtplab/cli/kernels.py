"""How a kernel is reached: by sockets in a folder, where that folder can hold them.

A kernel's TCP ports are chosen in one process and bound in another. Of two kernels that begin at
the same moment one may be given a port of the other: it dies before its first word, or it neither
answers nor ends. Files with names of their own have no such moment, and nobody but the folder's
owner reaches them.
"""

import socket
from pathlib import Path


def reached_in(folder: Path) -> dict[str, str]:
    """Settings of `KernelManager` for one kernel, whose sockets lie in this folder."""
    file = folder / "kernel.json"
    return {"connection_file": str(file), "transport": transport(file)}


def transport(connection_file: Path) -> str:
    """`ipc` if sockets can lie beside this file, else `tcp`.

    They cannot on Windows, in some network folders, and where the path is longer than 107 octets
    (unix(7); 103 on macOS): so it is tried.
    """
    beside = connection_file.with_name(f"{connection_file.stem}-ipc-0")
    try:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(beside))
    except (AttributeError, OSError):
        return "tcp"
    beside.unlink(missing_ok=True)
    return "ipc"
