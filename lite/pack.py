"""Runs inside the browser's Python: wheels in, one archive of compiled modules out.

Python imports straight from the archive, so nothing has to be unpacked when a tab opens. Compiled
by the very Python that will load them, modules start several times as fast. Other people's packages
come without sources, docstrings and tests; ours keep them, because a learner may read them.
`compile.mjs` calls this.
"""

import compileall
import shutil
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

SITE = Path("/packages")
ARCHIVE = "/packages.zip"
OURS = "smtplab"

# What no lesson loads: tests, type hints, other languages' lexers.
UNUSED = (
    "*/**/tests", "*/**/test", "*/**/testing", "*/**/*.pyi", "*/**/py.typed", "*.data",
    "smtplab/notebooks", "IPython/sphinxext", "IPython/extensions", "prompt_toolkit/contrib",
    "dns/_asyncbackend.py", "dns/_trio_backend.py", "dns/quic",
)  # fmt: skip
LEXERS = {"__init__", "_mapping", "_builtin", "python", "special", "text", "unicodedata"}


def main() -> None:
    for wheel in sorted(Path("/wheels").iterdir()):
        shutil.unpack_archive(wheel, SITE, "zip")
    unused = [path for pattern in UNUSED for path in SITE.glob(pattern)]
    unused += [p for p in SITE.glob("pygments/lexers/*.py") if p.stem not in LEXERS]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
    for package in SITE.iterdir():
        compileall.compile_dir(
            package,
            quiet=2,
            legacy=True,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            optimize=0 if package.name == OURS else 2,
        )
    for module in SITE.glob("*.py"):
        compileall.compile_file(module, quiet=2, legacy=True, optimize=2)
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(filter(Path.is_file, SITE.rglob("*"))):
            inside = path.relative_to(SITE)
            if path.suffix != ".py" or inside.parts[0] == OURS:
                archive.write(path, inside)


main()
