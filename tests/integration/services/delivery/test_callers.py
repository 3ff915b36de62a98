"""Threads for calls, in a process that ends."""

from __future__ import annotations

import subprocess
import sys


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    """A process ends although a plugin never returns."""
    program = (
        "import time\n"
        "from contentsvc.services.delivery.callers import Callers\n"
        "Callers().run(lambda: time.sleep(600))\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], timeout=110, check=False)

    assert ended.returncode == 0
