"""Wake-ups: who writes something due calls, and a dispatcher that sleeps hears it."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

__all__ = ["Listener", "call"]

#: A list with at most one element: a dispatcher that is busy while it is called sees it later.
_WAKE = "contentsvc:wake"
#: Seconds after which the server says that nobody called, and what more it has for saying it.
_HOLD = 15
_GRACE = 5


def call(redis: Redis) -> None:
    """Wake a dispatcher; RedisError."""
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.lpush(_WAKE, 1)
        pipeline.ltrim(_WAKE, 0, 0)
        pipeline.execute()


class Listener:
    """Asks the server once and listens as often as wanted; for one thread.

    The question stays with the server from one wait to the next, and each wait is measured by the
    clock of this process: the server's own waits end some tenths of a second late.
    """

    def __init__(self, redis: Redis) -> None:
        """Listen at *redis*; nothing is connected yet."""
        self._pool = redis.connection_pool
        self._connection: Any = None
        self._asked_at: float | None = None

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody called (True) or until *seconds* have gone; RedisError."""
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                if self._hears(left):
                    return True
        except BaseException:
            # An answer that comes later must not be read as another's.
            self.close()
            raise
        return False

    def close(self) -> None:
        """Give the question up."""
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
