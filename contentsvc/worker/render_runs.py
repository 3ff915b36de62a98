"""The child processes of a render worker: what each renders, since when, and why it ended."""

from __future__ import annotations

import faulthandler
import logging
import mmap
import os
import signal
import struct
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from contentsvc.messages import Message
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime

__all__ = ["RenderRun", "RenderRuns"]

logger = logging.getLogger(__name__)

#: Seconds after which the child process ends if one rendering has not returned. Rendering takes no
#: network; twenty pictures take up to 30 seconds.
_DEADLINE = 60.0
#: Seconds after which the worker no longer waits for a rendering and takes the next job.
_SLOW = 3.0
#: Most child processes that the worker does not wait for.
_MOST_ASIDE = 4
#: How often a delivery may end the process that renders it, until it fails.
_MOST_DEATHS = 3
#: Seconds after the deadline until the worker kills a process that did not end by itself.
_GRACE = 5.0
#: The id of the delivery that is being rendered (0 for none), and since when in monotonic seconds.
_SHARED = struct.Struct("<qd")


@dataclass(slots=True)
class RenderRun:
    """A job in a child process. What it renders now is in memory that both processes share."""

    #: The channel type whose plugin renders; empty for other jobs.
    lane: str
    #: Channel types whose plugins have not returned in another child process.
    blocked_lanes: frozenset[str]
    pid: int = 0
    _memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, _SHARED.size))

    def note(self, delivery_id: int) -> None:
        """Record, in the child, that the rendering of a delivery begins. 0 means that all are done.

        The child process then has `_DEADLINE` seconds until it ends with a traceback.
        """
        _SHARED.pack_into(self._memory, 0, delivery_id, time.monotonic())
        if delivery_id:
            # The library's own thread ends the process, even if no Python code can run.
            faulthandler.dump_traceback_later(_DEADLINE, exit=True)
        else:
            faulthandler.cancel_dump_traceback_later()

    @property
    def delivery_id(self) -> int:
        """The id of the delivery being rendered, or rendered when the process ended; 0 for none."""
        return int(_SHARED.unpack_from(self._memory)[0])

    @property
    def seconds(self) -> float:
        """For how many seconds the current rendering has been running; 0 if there is none."""
        delivery_id, since = _SHARED.unpack_from(self._memory)
        return time.monotonic() - since if delivery_id else 0.0


class RenderRuns:
    """The runs of one render worker: the current one, and those that it no longer waits for."""

    def __init__(self, runtime: Runtime) -> None:
        """Create the object for a worker without child processes."""
        self._runtime = runtime
        self.current = RenderRun("", frozenset())
        self._aside: list[RenderRun] = []
        #: How many processes each delivery has ended.
        self._deaths: Counter[int] = Counter()

    def begin(self, lane: str) -> None:
        """Begin the record of the next child process. Call this before the fork."""
        self.collect()
        blocked = frozenset(run.lane for run in self._aside if run.seconds > _SLOW)
        self.current = RenderRun(lane, blocked)

    @property
    def should_go_on(self) -> bool:
        """True if the current rendering takes so long that the worker should take the next job."""
        return self.current.seconds > _SLOW and len(self._aside) < _MOST_ASIDE

    def set_aside(self, pid: int) -> None:
        """Stop waiting for the current child process, whose id is *pid*."""
        self.current.pid = pid
        self._aside.append(self.current)
        logger.warning(
            "A rendering takes long; the worker goes on",
            extra={
                "action": "render_slow",
                "delivery": self.current.delivery_id,
                "channel_type": self.current.lane,
            },
        )

    def ended(self) -> None:
        """Record that the current child process has ended."""
        self._judge(self.current)

    def collect(self) -> None:
        """Record which of the child processes that were set aside have ended.

        A child that exceeds its deadline is killed.
        """
        running = []
        for run in self._aside:
            if run.seconds > _DEADLINE + _GRACE:
                with suppress(ProcessLookupError):
                    os.killpg(run.pid, signal.SIGKILL)
            if _has_ended(run.pid):
                self._judge(run)
            else:
                running.append(run)
        self._aside = running

    def _judge(self, run: RenderRun) -> None:
        """If a rendering ended its process, store that as the reason why it failed."""
        delivery_id = run.delivery_id
        if not delivery_id:
            return
        self._deaths[delivery_id] += 1
        is_late = run.seconds >= _DEADLINE
        reason = (
            Message("rendition-timed-out", seconds=_DEADLINE)
            if is_late
            else Message("rendition-process-died")
        )
        logger.error(
            "A rendering has ended its process: %s",
            reason,
            extra={
                "action": "render_died",
                "delivery": delivery_id,
                "channel_type": run.lane,
                "times": self._deaths[delivery_id],
            },
        )
        is_last = self._deaths[delivery_id] >= _MOST_DEATHS
        Renderer(self._runtime).give_up(delivery_id, reason, is_last=is_last)
        if is_last:
            del self._deaths[delivery_id]


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
