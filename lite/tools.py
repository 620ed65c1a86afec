"""The programs that build the site, in an environment of their own that ends with the build."""

import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from lite.pyodide import run

REQUIREMENTS = Path(__file__).with_name("build-requirements.txt")


@dataclass(frozen=True)
class Tools:
    """A virtual environment: its folder and its Python."""

    folder: Path

    @property
    def python(self) -> str:
        where = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
        return str(self.folder / where)


def install(folder: Path) -> Tools:
    """Make the environment; `SystemExit` with pip's own words if that fails."""
    venv.create(folder, with_pip=True)
    tools = Tools(folder)
    run(tools.python, "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS))
    return tools
