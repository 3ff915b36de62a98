"""Forks processes of the service from the supervisor, which has imported everything already.

Starting an interpreter for each process would cost one to two seconds of CPU and tens of megabytes
of memory each, because every process imports nearly the same modules.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import NoReturn, TextIO

from contentsvc.processes import set_title

__all__ = ["fork_process"]

#: Painting allocates and frees megabytes at a time. By default glibc does not return them to the
#: system but holds them in one heap per thread: after showing every poster once, a web server
#: used one and a half times the memory. By environment variable (for the programs that a process
#: starts), the parameter of mallopt (from <malloc.h>) and its value.
_MEMORY = {"MALLOC_ARENA_MAX": (-8, 2), "MALLOC_MMAP_THRESHOLD_": (-3, 262144)}


def fork_process(run: Callable[[], object], *, name: str, output: int) -> int:
    """Fork a process that calls *run* and then ends. Return its process id.

    The process leads its own session, so that Ctrl-C does not reach it. It has no open file of its
    parent: it reads nothing, and it writes to the file descriptor *output*. Its exit status is that
    of SystemExit if *run* raises it, 1 for another exception, and otherwise 0. Programs such as ps
    show *name*.

    Call this while no other thread runs and no database is open. SQLite finds the locks of its
    process by a list in memory, which the fork copies.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # A signal between the fork and the reset of the handlers would be lost.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(run, name, output, blocked)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return pid


def _become(run: Callable[[], object], name: str, output: int, blocked: Iterable[int]) -> NoReturn:
    """Call *run* in the new process, then end the process.

    It never returns to the supervisor's code.
    """
    status = 1
    try:
        os.setsid()
        _redirect(output)
        _reset_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _limit_memory(os.environ)
        set_title(name)
        run()
        status = 0
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:  # noqa: BLE001 - nothing above may catch it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        # The supervisor's objects must not be finalized: their descriptors are closed, or are by
        # now those of other files.
        os._exit(status)


def _redirect(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    # Those of the supervisor may believe that they write to a file, as Python found at its start.
    sys.stdout, sys.stderr = _open_text(1), _open_text(2)


def _open_text(descriptor: int) -> TextIO:
    return open(
        descriptor,
        "w",
        encoding="utf-8",
        errors="backslashreplace",
        buffering=1,
        closefd=False,
    )


def _reset_signals() -> None:
    """Reset each signal that the supervisor handles to its default action.

    Ignored signals stay ignored.
    """
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            is_interrupt = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_interrupt else signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def _limit_memory(environ: Mapping[str, str]) -> None:
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    for variable, (parameter, value) in _MEMORY.items():
        if variable not in environ:
            os.environ[variable] = str(value)
            if set_option is not None:
                set_option(parameter, value)


def _status(code: object) -> int:
    """Return the exit status of the interpreter for `SystemExit(code)`."""
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1
