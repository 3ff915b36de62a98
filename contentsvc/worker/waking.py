"""Wake-ups: a process that stores a due delivery wakes a dispatcher through Redis."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

__all__ = ["Listener", "call"]

#: A Redis list with at most one element: the wake-up that a busy dispatcher takes later.
_WAKE = "contentsvc:wake"
#: Seconds after which the server responds that there was no wake-up, and the extra seconds that
#: this process waits for the response.
_HOLD = 15
_GRACE = 5


def call(redis: Redis) -> None:
    """Wake a dispatcher that is waiting for work.

    Raises:
        RedisError: Redis cannot be reached.
    """
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.lpush(_WAKE, 1)
        pipeline.ltrim(_WAKE, 0, 0)
        pipeline.execute()


class Listener:
    """Waits, in a dispatcher, for the wake-ups that `call` sends. Not thread-safe.

    One blocking command remains on the server across several calls of `wait`. Each call measures
    its own time, since the server's timeouts are some tenths of a second late.
    """

    def __init__(self, redis: Redis) -> None:
        """Create a listener that uses the client *redis*, without connecting it."""
        self._pool = redis.connection_pool
        self._connection: Any = None
        self._asked_at: float | None = None

    def wait(self, seconds: float) -> bool:
        """Wait for a wake-up for up to *seconds* seconds. Return True if one arrived.

        Raises:
            RedisError: Redis cannot be reached.
        """
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                if self._hears(left):
                    return True
        except BaseException:
            # A late response must not be taken for the response to another command.
            self.close()
            raise
        return False

    def close(self) -> None:
        """Close the listener's connection. This ends any command that waits for a wake-up."""
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
