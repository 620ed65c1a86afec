"""Files that survive the end of the process: written beside their place, forced, moved there."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from smtplab.sandbox.store.memory import StoreError

TEMPORARY = ".tmp"


def write(path: Path, octets: bytes) -> None:
    """Put a whole file in its place; after this returns it is on the disk."""
    beside = path.with_name(path.name + TEMPORARY)
    write_beside(beside, octets)
    move((beside, path))


def write_beside(path: Path, octets: bytes, modified: float | None = None) -> None:
    """Write a file that is not in its place yet; `move` forces it to the disk.

    `modified` is the time that the file shows, in seconds since 1970. What does not fit on the disk
    leaves nothing: else one large mail would take the room of all the small ones.
    """
    try:
        path.write_bytes(octets)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    if modified is not None:
        os.utime(path, (modified, modified))


def move(*moves: tuple[Path, Path]) -> None:
    """Force whole files to the disk, then move each to its place, in this order.

    All are forced first and all folders last, since most file systems then pay for one only.
    """
    for source, _ in moves:
        descriptor = os.open(source, os.O_RDWR)  # Windows forces no file that is open to read
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    for source, target in moves:
        os.replace(source, target)
    for _, target in moves:
        sync_folder(target.parent)


def make_folders(*paths: Path) -> None:
    """Make folders where they are missing, and force their names to the disk."""
    for path in paths:
        if not path.is_dir():
            make_folders(path.parent)
            path.mkdir(exist_ok=True)
            sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Force the names in a folder to the disk. Windows can open no folder, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def failed(what: str, error: OSError) -> StoreError:
    """One sentence about a file; the system's own words differ from one to the next."""
    cause = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return StoreError(f"{what} ({cause})")


def set_aside(path: Path, damaged: Path) -> str:
    """Move a file that cannot be used into the folder `damaged`; its name there."""
    make_folders(damaged)
    name, number = path.name[-100:], 1
    while (damaged / name).exists():
        number += 1
        name = f"{number}-{path.name[-100:]}"
    os.replace(path, damaged / name)
    sync_folder(damaged)
    sync_folder(path.parent)
    return name
