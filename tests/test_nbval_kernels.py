"""The kernels of nbval's runs, by nbval itself."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.__main__ import NBVAL, ROOT

ASK = "import ipykernel; print(ipykernel.get_connection_info(unpack=True)['transport'])"


@pytest.mark.skipif(os.name == "nt", reason="platform: no socket files")
def test_a_kernel_of_nbval_has_no_port_that_another_could_have_been_given(tmp_path: Path) -> None:
    said = new_output("stream", text="ipc\n")
    cell = new_code_cell(ASK, execution_count=1, outputs=[said])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "ask.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NBVAL, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
