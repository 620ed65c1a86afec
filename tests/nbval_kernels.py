"""A plugin for nbval's runs, `-p tests.nbval_kernels`: their kernels are reached by sockets.

Two notebooks run at once, and each opens ports all the time: one of them could be a port that was
chosen for a kernel and not yet bound. That kernel dies before its first word.
"""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import nbval.kernel  # type: ignore[import-untyped]
import pytest
from jupyter_client.manager import KernelManager

from smtplab.cli.kernels import reached_in


def pytest_configure(config: pytest.Config) -> None:
    folder, numbers = TemporaryDirectory(prefix="smtplab-kernels-"), count()
    config.add_cleanup(folder.cleanup)

    def manager(**about: object) -> KernelManager:
        place = Path(folder.name, str(next(numbers)))
        place.mkdir()
        return KernelManager(**about, **reached_in(place))

    nbval.kernel.KernelManager = manager
