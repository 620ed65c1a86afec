"""`python -m lite FOLDER`: build the static site of the course into a new folder.

Any static host can serve it; `python -m http.server` in the folder will do. Nothing is asked from
anywhere else when it runs. Wants Node.js and npm to build.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lite import frontend, pyodide, tools, wheels
from lite.tools import say

PROJECT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).with_name("build-requirements.txt")


def build(site: Path) -> None:
    """Build the site into `site`, which must not exist; nothing half-made is left behind."""
    with tempfile.TemporaryDirectory(prefix="smtplab-site-") as folder:
        work = Path(folder)
        made = work / "site"
        say("an environment for the tools")
        programs = tools.install(work / "tools", REQUIREMENTS)
        say("the front end and the notebooks")
        frontend.build(programs, PROJECT, made, work)
        say("Pyodide")
        source = pyodide.find_or_install(work)
        runtime = pyodide.copy(source, made)
        say("the packages")
        wheels.collect(programs, PROJECT, work / "wheels")
        say("compiling them with the browser's own Python")
        pyodide.pack(source, work / "wheels", runtime)
        shutil.move(made, site)
    say(f"done: {site}, {tools.size(site)}. Try it: python -m http.server --directory {site}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lite", description=__doc__)
    build(tools.read(parser, arguments).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
