"""`binder/` works: its steps are replayed as repo2docker takes them, without a container engine."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import missing

ROOT = Path(__file__).resolve().parents[1]

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
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The steps in repo2docker's order: base environment, requirements, copy, postBuild."""
    if os.name != "posix":
        pytest.skip("platform: Binder's scripts want a POSIX system")
    work = tmp_path_factory.mktemp("binder")
    home, prefix = work / "home", work / "prefix"
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))
    }
    environment = {
        **kept,
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "REPO_DIR": str(home),
        "PYTHONNOUSERSITE": "1",
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
    }
    leave_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "node_modules")
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


@pytest.mark.slow
def test_notebook_00_gives_its_stored_outputs_in_binders_environment(image: Image) -> None:
    (notebook,) = (image.home / "notebooks").glob("00-*.ipynb")
    options = "-o addopts= -p no:cacheprovider --nbval --nbval-current-env --nbval-cell-timeout 60"
    sanitize = "--nbval-sanitize-with=tests/nbval_sanitize.cfg"
    said = image.run("python", "-m", "pytest", *options.split(), sanitize, str(notebook))
    assert " passed" in said


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
