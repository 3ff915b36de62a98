"""Process control that the standard library does not offer."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent"]

#: From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as the process *parent* dies.

    Children of this process do not inherit this; a program that this process executes does
    (prctl(2)). Outside Linux only a parent that is already dead is noticed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # The parent may have died before the call above.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
