"""Pyodide, the browser's Python: where it comes from, which files of it the site needs."""

import json
import os
import shutil
from pathlib import Path

from lite.tools import run

VERSION = "314.0.6"  # the one that jupyterlite-pyodide-kernel of pyproject.toml is made for
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")  # and the library, compiled
HERE = Path(__file__).parent
EARLY = "early.js"  # the page's first script: from the second visit on, Python begins with the page
OURS = ("loader.mjs", EARLY)
WORKER = "extensions/@jupyterlite/pyodide-kernel-extension/static/comlink.worker.*.js"


def find_or_install(work: Path) -> Path:
    """The folder of the npm package `pyodide`: from NODE_PATH, or fetched into `work`."""
    for folder in filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)):
        if _version(Path(folder) / "pyodide") == VERSION:
            return Path(folder) / "pyodide"
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is missing; install Node.js with npm, then build again")
    package = f"pyodide@{VERSION}"
    run(npm, "install", "--prefix", str(work / "node"), "--no-audit", "--no-fund", package)
    return work / "node" / "node_modules" / "pyodide"


def _version(package: Path) -> str:
    file = package / "package.json"
    return str(json.loads(file.read_text("utf-8"))["version"]) if file.is_file() else ""


def copy(source: Path, site: Path) -> Path:
    """Lay the runtime into the site; its own list of packages stays empty."""
    runtime = site / "static" / "pyodide"
    runtime.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(source / name, runtime / name)
    for name in OURS:
        shutil.copyfile(HERE / name, runtime / name)
    (worker,) = site.glob(WORKER)
    early = (HERE / "early.mjs").read_text("utf-8")
    address = f"../../{worker.relative_to(site).as_posix()}"
    (runtime / "early.mjs").write_text(early.replace("KERNEL", address), "utf-8")
    lock = json.loads((source / "pyodide-lock.json").read_text("utf-8"))
    lock["packages"] = {}
    (runtime / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    return runtime


def pack(source: Path, wheels: Path, runtime: Path) -> None:
    """Compile all wheels and the standard library, with this very Pyodide under Node.js."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        raise SystemExit("Node.js is missing; install it, then build again")
    run(node, str(HERE / "compile.mjs"), str(source), str(wheels), str(runtime))
