"""The Python packages of the site: pure ones from requirements.txt, the kernel's own, and ours."""

import shutil
from pathlib import Path

from lite.tools import Tools, run

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SOURCE_ONLY = "dkimpy"  # published without a wheel
FOR_THE_BROWSER = (
    "--no-deps --only-binary=:all: --python-version 3.14 --implementation py --abi none "
    "--platform any"
).split()
# Stand-ins that the kernel brings: an ipykernel and a widgetsnbextension that hold their place.
OF_THE_KERNEL = ("ipykernel-6", "pyodide_kernel-", "widgetsnbextension-4")


def collect(tools: Tools, project: Path, wheels: Path) -> None:
    """Gather every wheel in one folder."""
    wheels.mkdir()
    pip = (tools.python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    pinned = next(line for line in REQUIREMENTS.read_text().splitlines() if SOURCE_ONLY in line)
    run(*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), pinned)
    run(
        *pip, "download", *FOR_THE_BROWSER, "--find-links", str(wheels), "--dest", str(wheels),
        "--requirement", str(REQUIREMENTS),
    )  # fmt: skip
    for wheel in _kernel_wheels(tools).iterdir():
        if wheel.name.startswith(OF_THE_KERNEL):
            shutil.copyfile(wheel, wheels / wheel.name)
    build = (tools.python, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels))
    run(*build, str(project))


def _kernel_wheels(tools: Tools) -> Path:
    extension = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    return tools.folder / extension
