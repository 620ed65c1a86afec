"""What is shipped: the wheel, start.py on any Python, and that the texts agree with each other."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from types import ModuleType

import pytest

import smtplab

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# The wheel.


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was made from it, without a network."""
    clone = tmp_path_factory.mktemp("clone") / "smtplab"
    # Also what other tests write meanwhile: a file that goes away would end the copy.
    of_tools = (".*_cache", ".hypothesis", ".coverage*", "__pycache__", "node_modules")
    leave_out = shutil.ignore_patterns(".git", ".venv", *of_tools)
    shutil.copytree(ROOT, clone, ignore=leave_out)
    (clone / "notebooks" / "instructor").mkdir(parents=True, exist_ok=True)
    (clone / "notebooks" / "instructor" / "guide.ipynb").write_text("{}")
    (clone / "notebooks" / ".ipynb_checkpoints").mkdir(exist_ok=True)
    (clone / "notebooks" / ".ipynb_checkpoints" / "x.ipynb").write_text("{}")
    out = clone.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Iterator[zipfile.ZipFile]:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as file:
        yield file


def test_the_wheel_carries_every_notebook_but_the_instructors(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.endswith(".ipynb")}
    wanted = {f"smtplab/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert shipped == wanted
    assert wanted
    assert [name for name in wheel.namelist() if "instructor" in name] == []


def test_the_wheel_carries_all_of_the_package_and_nothing_beside_it(
    wheel: zipfile.ZipFile,
) -> None:
    files = (path for path in (ROOT / "smtplab").rglob("*") if path.is_file())
    wanted = {p.relative_to(ROOT).as_posix() for p in files if "__pycache__" not in p.parts}
    shipped = set(wheel.namelist())
    assert wanted <= shipped
    assert {name.split("/")[0] for name in shipped} == {
        "smtplab",
        f"smtplab-{smtplab.__version__}.dist-info",
    }


def test_the_wheels_metadata_names_licence_python_and_command(wheel: zipfile.ZipFile) -> None:
    folder = f"smtplab-{smtplab.__version__}.dist-info"
    metadata = message_from_bytes(wheel.read(f"{folder}/METADATA"))
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "smtplab = smtplab.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()


def test_the_source_archive_can_run_the_tests(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as file:
        names = {name.split("/", 1)[-1] for name in file.getnames()}
    assert {"start.py", "tests/conftest.py", ".ci/run", "binder/postBuild"} <= names


# The texts agree.


def test_the_packages_that_the_course_stands_on_are_dependencies() -> None:
    names = {re.match(r"[\w-]+", line)[0] for line in PROJECT["dependencies"]}  # type: ignore[index]
    assert {"jupyterlab", "ipywidgets", "aiosmtpd", "nbval"} <= names


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    for requirement in wanted:
        assert re.search(rf'^  "{re.escape(requirement)}", +# \w', text, re.MULTILINE), requirement


def test_the_changelog_has_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{smtplab.__version__}]" in text or "## [Unreleased]" in text


def test_the_readme_gives_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "\npython3 start.py\n" in text
    assert "\npython3 start.py test\n" in text


def test_the_jupyterlab_settings_are_json_for_settings_that_exist() -> None:
    path = ROOT / "smtplab" / "cli" / "lab_settings" / "overrides.json"
    schemas = Path(sys.prefix, "share", "jupyter", "lab", "schemas")
    for plugin, values in json.loads(path.read_text("utf-8")).items():
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text("utf-8"))
        assert set(values) <= set(schema["properties"])


# start.py.


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """start.py as a module, with an environment of its own."""
    monkeypatch.setenv("SMTPLAB_VENV", str(tmp_path / "venv"))
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def older_pythons() -> list[str]:
    """Every interpreter here that is too old, found by name or among pyenv's versions."""
    found = [shutil.which(f"python{v}") for v in ("2.7", *(f"3.{n}" for n in range(6, 11)))]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found += [str(path) for path in root.glob("*/bin/python")]
    old = []
    for path in filter(None, found):
        command = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11) and 9)"]
        if subprocess.run(command, capture_output=True).returncode == 9:
            old.append(path)
    return old


def test_an_older_python_is_told_in_one_sentence_which_one_is_wanted() -> None:
    pythons = older_pythons()
    if not pythons:
        pytest.skip("platform: no Python older than 3.11 is installed here")
    for python in pythons:
        done = subprocess.run([python, "start.py"], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("start.py: smtplab needs Python 3.11 or later, and this is")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 0), (3, 10, 99)], ids=str)
def test_a_version_before_3_11_is_refused(start: ModuleType, version: tuple[int, ...]) -> None:
    with pytest.raises(start.Trouble, match="needs Python 3.11 or later"):
        start.check_python(version)


def test_version_3_11_is_accepted(start: ModuleType) -> None:
    start.check_python((3, 11, 0))


def test_a_system_without_ensurepip_is_told_which_package_to_install(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(start.Trouble, match=r"sudo apt install python3\.\d+-venv"):
        start.make_venv()


def test_a_broken_environment_is_named_and_left_alone(start: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "keep").touch()
    with pytest.raises(start.Trouble, match="is broken: delete it and start again"):
        start.make_venv()
    assert (tmp_path / "venv" / "keep").exists()


def test_a_working_environment_is_reused(start: ModuleType, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    with pytest.raises(start.Trouble, match="is broken"):  # it has no pip
        start.make_venv()
    folder = next((tmp_path / "venv").glob("[Ll]ib*/**/site-packages"))
    (folder / "pip.py").touch()
    before = sorted((tmp_path / "venv").rglob("*"))
    start.make_venv()
    assert [p for p in sorted((tmp_path / "venv").rglob("*")) if "__pycache__" not in str(p)] == (
        before
    )


def test_an_environment_with_the_test_tools_serves_the_course_but_not_the_other_way(
    start: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "venv").mkdir()
    stamp = tmp_path / "venv" / "smtplab-stamp.txt"
    assert not start.is_installed("")
    stamp.write_bytes(start.wanted_stamp("test").encode())
    assert start.is_installed("") and start.is_installed("test")
    stamp.write_bytes(start.wanted_stamp("").encode())
    assert start.is_installed("") and not start.is_installed("test")


def test_a_clone_that_was_moved_is_installed_again(start: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    stamp = start.wanted_stamp("").replace(str(ROOT), "/somewhere/else")
    (tmp_path / "venv" / "smtplab-stamp.txt").write_text(stamp, "utf-8")
    assert not start.is_installed("")


# The scripts.


@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild"])
def test_a_script_is_bash_that_parses_and_may_be_run(script: str, tool) -> None:
    subprocess.run([tool("bash"), "-n", str(ROOT / script)], check=True)
    assert (ROOT / script).read_text("utf-8").startswith("#!/usr/bin/env bash\n")
    assert os.name != "posix" or os.access(ROOT / script, os.X_OK)


def test_a_missing_tool_fails_only_under_the_strict_switch(
    monkeypatch: pytest.MonkeyPatch, tool
) -> None:
    from tests import tools

    monkeypatch.setattr(tools, "STRICT", False)
    with pytest.raises(pytest.skip.Exception, match="missing tool: no-such-tool - install it"):
        tool("no-such-tool")
    monkeypatch.setattr(tools, "STRICT", True)
    with pytest.raises(pytest.fail.Exception, match="missing tool: no-such-tool"):
        tool("no-such-tool")
