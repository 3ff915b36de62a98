"""A class of RQ jobs that calls only this service's own functions, whatever Redis contains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rq.job import Job

from contentsvc.worker import jobs

__all__ = ["KnownJob", "UnknownJobError"]

#: The functions that a job may call, by the name that the job has in Redis.
_FUNCTIONS: dict[str, Callable[..., None]] = {
    f"{jobs.__name__}.{function.__name__}": function
    for function in (
        jobs.publish_batch,
        jobs.follow_up_batch,
        jobs.render_deliveries,
        jobs.make_batch,
    )
}


class UnknownJobError(Exception):
    """Raised if a job names a function that this service never enqueues."""


class KnownJob(Job):
    """An RQ job whose function is one of this service's, and which has no callbacks.

    RQ imports and calls any function that a job names. Whoever can write to Redis could therefore
    run any code, such as `os.system`, as the user of the workers.
    """

    @property
    def func(self) -> Callable[..., None]:
        """The function that the job names.

        Raises:
            UnknownJobError: this service enqueues no such job.
        """
        function = None if self.instance else _FUNCTIONS.get(str(self.func_name))
        if function is None:
            raise UnknownJobError(str(self.func_name)[:200])
        return function

    @property
    def success_callback(self) -> Any:
        """None, because this service enqueues no job with a callback."""
        return None

    @property
    def failure_callback(self) -> Any:
        """None, as `success_callback`."""
        return None

    @property
    def stopped_callback(self) -> Any:
        """None, as `success_callback`."""
        return None
