"""The one file that a bare Python can run: it makes the environment, then opens the course.

    python3 start.py            open the course in JupyterLab (on Windows: py start.py)
    python3 start.py test       run all the tests

Every other word goes to `smtplab lab` (or, after `test`, to the tests). It imports the standard
library only, and its grammar is old on purpose: Python 2.7 must be able to read it, in order to
say which Python is wanted.
"""

from __future__ import print_function

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.abspath(os.environ.get("SMTPLAB_VENV") or os.path.join(HERE, ".venv"))
STAMP = os.path.join(VENV, "smtplab-stamp.txt")
LOG = os.path.join(VENV, "smtplab-install.log")


class Trouble(Exception):
    """Something the user can mend; the text says how."""


def say(text):
    print(text)
    sys.stdout.flush()


def check_python(version):
    """Refuse a Python that is too old, in one sentence."""
    if version < OLDEST:
        raise Trouble(
            "smtplab needs Python %d.%d or later, and this is Python %d.%d: install a newer one "
            "from https://www.python.org/downloads/ and run start.py with it."
            % (OLDEST + tuple(version[:2]))
        )


def venv_python():
    """The path of the interpreter inside the environment."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", "python.exe")
    return os.path.join(VENV, "bin", "python")


def make_venv():
    """Make the environment, or check that the one that is there still works."""
    if os.path.isdir(VENV) and os.listdir(VENV):
        check_venv()
        return
    try:
        import ensurepip  # noqa: F401  (Debian keeps it in a package of its own)
        import venv  # noqa: F401
    except ImportError:
        raise Trouble(
            "This Python cannot make virtual environments. On Debian or Ubuntu run\n"
            "    sudo apt install python%d.%d-venv\n"
            "and start again." % tuple(sys.version_info[:2])
        )
    say("Making a virtual environment in %s" % VENV)
    code = None
    try:
        code = subprocess.call([sys.executable, "-m", "venv", VENV])
    finally:
        if code is None:  # interrupted: leave nothing half made
            shutil.rmtree(VENV, ignore_errors=True)
    if code != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Trouble(
            "Python could not make a virtual environment in %s (see above). "
            "Is the folder writable, and is there room on the disk?" % VENV
        )


def check_venv():
    """Refuse an environment whose interpreter is gone, too old or without pip."""
    wanted = "import sys, pip; print(sys.version_info >= (%d, %d))" % OLDEST
    try:
        answer = subprocess.run(
            [venv_python(), "-c", wanted], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout.strip()
    except OSError:
        answer = b""
    if answer != b"True":
        what = "holds a Python that is too old" if answer == b"False" else "is broken"
        raise Trouble("The virtual environment %s %s: delete it and start again." % (VENV, what))


def wanted_stamp(extra):
    """What the environment must have been installed from to be used as it is."""
    with open(os.path.join(HERE, "pyproject.toml"), "rb") as file:
        return "%s\n%s\n%s" % (extra, HERE, file.read().decode("utf-8"))


def is_installed(extra):
    """True if the last installation was of this clone, this pyproject.toml and this extra.

    An environment with the extra `test` serves for the course too.
    """
    try:
        with open(STAMP, "rb") as file:
            found = file.read().decode("utf-8")
    except IOError:
        return False
    return found in (wanted_stamp(extra), wanted_stamp("test"))


def install(extra):
    """Install the clone into the environment (editable), with one line of progress."""
    say("Installing the packages. This happens once and takes a minute or two.")
    target = HERE + ("[%s]" % extra if extra else "")
    command = [venv_python(), "-m", "pip", "install", "--log", LOG, "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--editable", target]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    last, count = [], 0
    with pip.stdout:
        for raw in pip.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            last = (last + [line])[-12:]
            if line.startswith("Collecting "):
                count += 1
                progress("  %3d packages found: %s" % (count, line.split()[1]))
            elif line.startswith("Installing collected"):
                progress("  unpacking them")
    progress("")
    if pip.wait() != 0:
        raise Trouble(
            "\n".join(last) + "\n\npip could not install the packages; its last words stand above, "
            "all of them in\n%s\nIs there a network connection? Behind a proxy, set HTTPS_PROXY "
            "first. Then start again." % LOG
        )
    if extra == "":
        trust_notebooks()
    with open(STAMP, "wb") as file:
        file.write(wanted_stamp(extra).encode("utf-8"))
    say("Installed.")


def progress(text):
    """Rewrite one line on a terminal; say nothing elsewhere."""
    if sys.stdout.isatty():
        sys.stdout.write("\r" + text[:78].ljust(78) + ("" if text else "\r"))
        sys.stdout.flush()


def trust_notebooks():
    """Tell Jupyter that the outputs stored in a fresh clone may be shown as they are."""
    folder = os.path.join(HERE, "notebooks")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".ipynb"))
    if names:
        subprocess.call(
            [venv_python(), "-m", "jupyter", "trust"] + names, cwd=folder, stdout=subprocess.DEVNULL
        )


def hand_over(arguments):
    """Become the environment's Python."""
    command = [venv_python()] + arguments
    if os.name == "posix":  # signals then reach it directly
        sys.stdout.flush()
        os.execv(command[0], command)
    child = subprocess.Popen(command, cwd=os.getcwd())
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child has had it too and decides what it means
            pass


def main(arguments):
    """Prepare, then run the course or the tests; return the exit code."""
    try:
        check_python(sys.version_info)
        testing = arguments[:1] == ["test"]
        extra = "test" if testing else ""
        make_venv()
        if not is_installed(extra):
            install(extra)
    except Trouble as trouble:
        print("start.py: %s" % trouble, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstart.py: stopped; start again to go on.", file=sys.stderr)
        return 130
    if testing:
        os.chdir(HERE)
        return hand_over(["-m", "tests"] + arguments[1:])
    return hand_over(["-m", "smtplab", "lab"] + arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
