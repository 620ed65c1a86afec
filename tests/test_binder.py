"""`binder/` works: its steps are replayed as repo2docker takes them, without a container engine."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser import serving
from tests.kernels import At, close_notebooks, open_notebook, run_notebook
from tests.tools import missing, said_by

ROOT = Path(__file__).resolve().parents[1]

GUARANTEED = 450  # megabytes on mybinder.org; it may take up to 2 GB while nobody needs them
BASE = ("jupyterlab==4.4.9", "ipykernel==7.0.1", "ipywidgets==8.1.7")
"""What repo2docker installs before it looks into binder/ (its lock file for Python 3.12)."""


def test_the_requirements_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == project["dependencies"]


def test_the_runtime_is_one_that_the_package_supports() -> None:
    assert (ROOT / "binder" / "runtime.txt").read_text("utf-8") == "python-3.12\n"


def python_3_12() -> str:
    """A Python 3.12 by name or among pyenv's versions; without one, the Python that runs this."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for path in (*map(str, pyenv.glob("3.12.*/bin/python")), shutil.which("python3.12")):
        if path and subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return sys.executable


@dataclass(frozen=True)
class Image:
    """What stands for the container: the copied project, its Python and its environment."""

    home: Path
    prefix: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """Run a command in the project's folder; a failure shows all that it said."""
        return said_by(command, self.home, self.environment)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The steps in repo2docker's order: base environment, requirements, copy, postBuild."""
    if os.name != "posix":
        pytest.skip("platform: Binder's scripts want a POSIX system")
    work = tmp_path_factory.mktemp("binder")
    home, prefix = work / "home", work / "prefix"
    ours = ("PYTHON", "JUPYTER", "VIRTUAL", "PYTEST", "SMTPLAB")  # progress is not kept in a test
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment = {
        **kept,
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "REPO_DIR": str(home),
        "PYTHONNOUSERSITE": "1",
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
    }
    # Also what other tests write meanwhile: a file that goes away would end the copy.
    of_tools = (".*_cache", ".hypothesis", ".coverage*", "__pycache__", "node_modules")
    leave_out = shutil.ignore_patterns(".git", ".venv", *of_tools)
    shutil.copytree(ROOT, home, ignore=leave_out)
    (home / "notebooks" / "instructor").mkdir(parents=True, exist_ok=True)
    image = Image(home, prefix, environment)
    image.run(python_3_12(), "-m", "venv", str(prefix))
    try:
        image.run("python", "-m", "pip", "install", "--quiet", *BASE)
    except AssertionError as error:
        missing("packages to download", f"pip could not get {BASE}: {error}")
    image.run("python", "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt")
    image.run("binder/postBuild")
    return image


PARTS = 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_notebook_gives_its_stored_outputs_in_binders_environment(
    image: Image, part: int
) -> None:
    """In parts, because one test may take five minutes at most, also on a slow machine."""
    notebooks = sorted((image.home / "notebooks").glob("*.ipynb"))[part::PARTS]
    assert len(notebooks) >= 17 // PARTS
    options = "-o addopts= -p no:cacheprovider --nbval --nbval-current-env --nbval-cell-timeout 180"
    sanitize = "--nbval-sanitize-with=tests/nbval_sanitize.cfg"
    said = image.run("python", "-m", "pytest", *options.split(), sanitize, *map(str, notebooks))
    assert " passed" in said


@dataclass(frozen=True)
class Weight:
    """The peaks of one notebook in megabytes of resident memory: the server's and the kernel's."""

    server: float
    kernel: float


@pytest.fixture(scope="module")
def lab(image: Image) -> Iterator[tuple[asyncio.Runner, At, int]]:
    """One Jupyter server of the image, opened on the notebooks: a loop, where, process id."""
    if not Path("/proc/self/status").exists():
        pytest.skip("platform: the peak of memory is read from /proc")
    python = str(image.prefix / "bin" / "python")
    with serving(["jupyterlab"], image.home / "notebooks", image.environment, python) as served:
        with asyncio.Runner() as runner:
            yield runner, *served


@pytest.fixture(scope="module")
def weights(image: Image, lab: tuple[asyncio.Runner, At, int]) -> dict[str, Weight]:
    """What each notebook takes, run through the server cell by cell."""
    runner, at, pid = lab
    names = sorted(one.name for one in (image.home / "notebooks").glob("*.ipynb"))
    return runner.run(_weighed(at, pid, names))


async def _weighed(at: At, server: int, notebooks: list[str]) -> dict[str, Weight]:
    found = {}
    for name in notebooks:
        kernel = await open_notebook(at, name)
        pid = await kernel.value("import os; print(os.getpid())")
        async for _ in run_notebook(kernel, name):
            pass
        found[name] = Weight(peak_memory(server), peak_memory(pid))
        kernel.close()
        await close_notebooks(at)
    return found


def peak_memory(pid: int) -> float:
    """The most that a process has ever had resident, in megabytes (proc(5), VmHWM)."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.slow
def test_every_notebook_runs_well_below_what_binder_guarantees(weights) -> None:
    """Above 450 MB Binder may kill the learner's server in the middle of a lesson."""
    for name, weight in weights.items():
        print(f"{name:40} server {weight.server:4.0f} MB, kernel {weight.kernel:4.0f} MB")
    assert len(weights) >= 17
    assert max(one.server + one.kernel for one in weights.values()) < 0.67 * GUARANTEED


@pytest.mark.slow
def test_three_notebooks_may_stay_open_within_what_binder_guarantees(weights) -> None:
    """JupyterLab leaves the kernel of a closed tab running."""
    kernels = sorted(one.kernel for one in weights.values())[-3:]
    assert max(one.server for one in weights.values()) + sum(kernels) < GUARANTEED


AT_WORK = """
from smtplab import Sandbox, StartOver
from smtplab.lessons import check
sandbox = Sandbox(plain=True).start()
client = sandbox.connect(port=465)
client.ehlo()
client.quit()
check("0.2", sandbox)
print(len(sandbox.transcript))
"""


@pytest.mark.slow
def test_on_binder_progress_is_a_file_and_one_click_starts_the_sandbox_over(
    image: Image, lab: tuple[asyncio.Runner, At, int]
) -> None:
    """Binder ends kernels that rest for ten minutes; the file outlives the kernel."""
    runner, at, _ = lab

    async def lesson() -> None:
        kernel = await open_notebook(at, "00-start-here.ipynb")
        assert await kernel.value(AT_WORK) > 0
        after = await kernel.value("StartOver(sandbox).press(); print(len(sandbox.transcript))")
        assert after == 0
        assert await kernel.value("print(sandbox.connect().ehlo().code)") == 250
        kernel.close()
        await close_notebooks(at)

    runner.run(lesson())
    kept = json.loads((image.home / "notebooks" / ".smtplab-progress.json").read_text("utf-8"))
    assert "0.2" in kept["exercises"]


@pytest.mark.slow
def test_binder_runs_the_installed_package_and_a_kernel_that_we_allow(image: Image) -> None:
    code = "import ipykernel, os, smtplab; os.chdir('/'); print(smtplab.__file__)"
    said = image.run("python", "-P", "-c", f"{code}; print(ipykernel.__version__)").splitlines()
    assert Path(said[0]).is_relative_to(image.prefix)
    assert tuple(map(int, said[1].split(".")[:2])) >= (7, 4)


@pytest.mark.slow
def test_binders_jupyterlab_asks_for_no_news(image: Image) -> None:
    path = image.prefix / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings = json.loads(path.read_text("utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


@pytest.mark.slow
def test_binders_folder_holds_no_instructors_notebooks(image: Image) -> None:
    assert not (image.home / "notebooks" / "instructor").exists()
    assert (ROOT / "notebooks").is_dir()


@pytest.mark.slow
def test_binder_trusts_the_notebooks(image: Image) -> None:
    check = (
        "import glob, nbformat; from nbformat.sign import NotebookNotary as N; "
        "n = N(); b = [nbformat.read(p, 4) for p in glob.glob('notebooks/*.ipynb')]; "
        "print(len(b) > 0 and all(n.check_signature(x) for x in b)); n.store.close()"
    )
    assert image.run("python", "-c", check).strip() == "True"
