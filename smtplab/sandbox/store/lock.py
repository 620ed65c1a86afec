"""One sandbox at a time in a store: a lock that ends with the process, also by SIGKILL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from smtplab.sandbox.store.memory import StoreError


def lock(path: Path, store: str) -> BinaryIO:
    """The lock file, held until it is closed; `StoreError` if somebody else holds it."""
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        raise StoreError(
            f"the store {store!r} is in use by another sandbox; stop that one, or choose another "
            "folder"
        ) from None
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # a browser tab: there is one process only

        def _lock(file: BinaryIO) -> None:
            pass
    else:

        def _lock(file: BinaryIO) -> None:
            flock(file, LOCK_EX | LOCK_NB)
