"""The machine's clock as the tests see it: the real one, or one that `make clocks` sets.

Under `make clocks` every process loads `shift.c`, which adds the nanoseconds that stand in a shared
file to the wall clock. Each test starts at the same instant, and time goes on from there. Tests run
in several processes; each of them has a clock of its own, which what it starts shares.
"""

from __future__ import annotations

import ctypes
import os
import struct
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

__all__ = ["is_clock_set", "separate_clock", "set_clock", "zone"]

_FILE = "TEST_CLOCK_FILE"
_INSTANT = "TEST_CLOCK"
_ZONE = "TEST_ZONE"
_NANOSECONDS = 1_000_000_000


def separate_clock(name: str) -> None:
    """Give this process, and those that it starts, a clock of its own of that *name*."""
    if not is_clock_set():
        return
    path = Path(os.environ[_FILE]).with_name(f"clock-{name}")
    path.write_bytes(bytes(8))
    os.environ[_FILE] = str(path)
    # The library is preloaded, so its functions are among those of the process itself.
    ctypes.CDLL(None).map_shift()


def set_clock() -> None:
    """Set the clock of all processes to the instant in TEST_CLOCK; do nothing without it."""
    instant = os.environ.get(_INSTANT)
    if instant is None:
        return
    path = Path(os.environ[_FILE])
    (shift,) = struct.unpack("q", path.read_bytes())
    real = time.time_ns() - shift
    wanted = int(datetime.fromisoformat(instant).timestamp()) * _NANOSECONDS
    # Written in place: the processes have mapped this very file.
    with path.open("r+b", buffering=0) as file:
        file.write(struct.pack("q", wanted - real))


def is_clock_set() -> bool:
    """Return whether `make clocks` sets the clock, once at the start of each test."""
    return _INSTANT in os.environ


def zone() -> ZoneInfo:
    """Return the zone in which the calendars of the real service are tested."""
    return ZoneInfo(os.environ.get(_ZONE, "Asia/Shanghai"))
