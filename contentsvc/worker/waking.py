"""Wake-ups: a process that writes a due delivery wakes a dispatcher through Redis."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

__all__ = ["Listener", "call"]

#: A list with at most one element, so that a busy dispatcher finds the wake-up later.
_WAKE = "contentsvc:wake"
#: Seconds after which the server reports that nobody called, and the grace for that response.
_HOLD = 15
_GRACE = 5


def call(redis: Redis) -> None:
    """Wake a dispatcher; RedisError."""
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.lpush(_WAKE, 1)
        pipeline.ltrim(_WAKE, 0, 0)
        pipeline.execute()


class Listener:
    """Waits for wake-ups. Not safe for several threads.

    One blocking command stays with the server across several waits, and each wait is timed by the
    clock of this process: the server's own timeouts are some tenths of a second late.
    """

    def __init__(self, redis: Redis) -> None:
        """Prepare to listen on *redis*; nothing is connected yet."""
        self._pool = redis.connection_pool
        self._connection: Any = None
        self._asked_at: float | None = None

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody calls (True) or *seconds* are over (False); RedisError."""
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                if self._hears(left):
                    return True
        except BaseException:
            # A late response must not be read as that of another command.
            self.close()
            raise
        return False

    def close(self) -> None:
        """Abandon the blocking command and its connection."""
        connection, self._connection, self._asked_at = self._connection, None, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

    def _hears(self, seconds: float) -> bool:
        if self._asked_at is None:
            self._ask()
        assert self._asked_at is not None
        left = self._asked_at + _HOLD + _GRACE - time.monotonic()
        if not self._connection.can_read(timeout=max(0.0, min(seconds, left))):
            if left <= seconds:
                raise RedisTimeoutError(f"no answer in {_HOLD + _GRACE} s")
            return False
        self._asked_at = None
        return self._connection.read_response() is not None

    def _ask(self) -> None:
        if self._connection is None:
            self._connection = self._pool.get_connection()
        self._connection.send_command("BLPOP", _WAKE, _HOLD)
        self._asked_at = time.monotonic()
