"""Runs inside the browser's Python: wheels in, compiled modules out; and so for its own library.

Python imports straight from the archives, so nothing has to be unpacked when a tab opens. Compiled
by the very Python that will load them, modules start several times as fast. Other people's modules
come without sources, docstrings and tests; ours keep them, because a learner may read them.
`compile.mjs` calls this.
"""

import compileall
import json
import shutil
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

OURS = "smtplab"
PACKAGES, LIBRARY = Path("/packages"), Path("/library")

# What no lesson loads: tests, type hints, other languages' lexers, alphabets of old machines ...
UNUSED = (
    "*/**/tests", "*/**/test", "*/**/*.pyi", "*/**/py.typed", "*.data",
    "smtplab/cli", "smtplab/pytest_plugin.py",
    "*.dist-info/RECORD",
    "IPython/sphinxext", "IPython/terminal/[!_p]*", "IPython/testing/plugin",
    "dns/_asyncbackend.py", "dns/_trio_backend.py", "dns/quic",
    "pydoc_data", "turtle.py", "wsgiref", "xmlrpc", "xml/dom", "xml/sax", "multiprocessing",
    "unittest/mock.py", "doctest.py", "_pyio.py", "_pydatetime.py", "_pydecimal.py",
    "encodings/mac_*", "encodings/cp[015-9]*", "encodings/hp_*", "encodings/palmos.py",
)  # fmt: skip
LEXERS = {"__init__", "_mapping", "_builtin", "python", "special", "text", "unicodedata"}


def main() -> None:
    for wheel in sorted(Path("/wheels").iterdir()):
        shutil.unpack_archive(wheel, PACKAGES, "zip")
    shutil.unpack_archive("/python_stdlib.zip", LIBRARY, "zip")
    for notebook in (PACKAGES / OURS / "notebooks").iterdir():
        keep_evidence(notebook)
    for folder in (PACKAGES, LIBRARY):
        remove_unused(folder)
        compile_all(folder)
        pack(folder)


def keep_evidence(notebook: Path) -> None:
    """Of a notebook, the cells that need TLS: `smtplab.lessons.recorded` shows their outputs."""
    if notebook.suffix != ".ipynb":
        shutil.rmtree(notebook)  # pictures
        return
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    kept = [cell for cell in cells if "needs-tls" in cell["metadata"].get("tags", ())]
    notebook.write_text(json.dumps({"cells": kept}), "utf-8")


def remove_unused(folder: Path) -> None:
    unused = [path for pattern in UNUSED for path in folder.glob(pattern)]
    unused += [p for p in folder.glob("pygments/lexers/*.py") if p.stem not in LEXERS]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()


def compile_all(folder: Path) -> None:
    for path in folder.iterdir():
        how: dict[str, Any] = {
            "quiet": 2,
            "stripdir": folder,
            "prependdir": f"{folder}.zip",
            "legacy": True,  # beside its source, where an archive is looked through
            "invalidation_mode": PycInvalidationMode.UNCHECKED_HASH,
            "optimize": 0 if path.name == OURS else 2,
        }
        if path.is_dir():
            compileall.compile_dir(path, **how)
        else:
            compileall.compile_file(path, **how)


def pack(folder: Path) -> None:
    """Into an archive that is not compressed; as a whole it will be."""
    with zipfile.ZipFile(f"{folder}.zip", "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(filter(Path.is_file, folder.rglob("*"))):
            inside = path.relative_to(folder)
            if path.suffix != ".py" or inside.parts[0] == OURS:
                archive.write(path, inside)


main()
