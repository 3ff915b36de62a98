"""What the standard library cannot do: die with the parent process, and set the title in `ps`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from setproctitle import setproctitle

__all__ = ["die_with_parent", "set_title"]

#: From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Make the kernel kill this process as soon as its parent, which has the id *parent*, dies.

    Child processes do not inherit this setting, but it survives an `exec` of another program
    (prctl(2)). On other systems than Linux, this process is killed only if *parent* is dead
    already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # The parent may have died before the call above.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def set_title(title: str) -> None:
    """Set the command line that programs such as ps and top show for this process.

    Do nothing on other systems than Linux: macOS ends a forked process that does this.
    """
    if sys.platform == "linux":
        setproctitle(title)
