"""How the work of a function grows with its input, as busy machines allow it to be measured."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

__all__ = ["LINEAR", "growth"]

#: A limit between linear work, whose growth is 4, and quadratic work, whose growth is 16.
LINEAR = 9.0
_MORE_ROUNDS = 10


def growth(run: Callable[[int], object], size: int) -> float:
    """Return the CPU time of ``run(4 * size)`` as a multiple of that of ``run(size)``.

    The CPU time of this thread does not include the time in which other processes run. If the
    growth is not linear, it is measured up to ten times more, and the least counts. Choose *size*
    so that ``run(size)`` takes a few milliseconds.
    """
    ratios = [_ratio(run, size)]
    while ratios[-1] >= LINEAR and len(ratios) <= _MORE_ROUNDS:
        ratios.append(_ratio(run, size))
    return min(ratios)


def _ratio(run: Callable[[int], object], size: int) -> float:
    """Return the growth of one measurement: one large run, and the faster of two small ones.

    A small run that fills caches, or that a busy machine slows down, would hide a growth.
    """
    before = _cpu(run, size)
    large = _cpu(run, 4 * size)
    return large / min(before, _cpu(run, size))


def _cpu(run: Callable[[int], object], size: int) -> float:
    """Return the CPU seconds of this thread for ``run(size)``, with the garbage collector off."""
    # Collecting here as well would take longer than most runs: the heap of a test process is large.
    gc.disable()
    try:
        started = time.thread_time()
        run(size)
        return time.thread_time() - started
    finally:
        gc.enable()
