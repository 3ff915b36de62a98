"""Rate limits of platform accounts, counted in Redis for all workers together."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from contentsvc.channels import Rate
from contentsvc.worker.connections import connect

__all__ = ["RedisRateWindows"]

logger = logging.getLogger(__name__)

_PREFIX = "contentsvc:rates"
#: Seconds without requests to a server that did not respond.
_REST = 2.0
#: Shortest wait in seconds if a window is full.
_LEAST = 0.05


class _RedisStorage(RedisStorage):
    #: The library would also import a second client, which costs every process 0.15 s.
    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}  # noqa: RUF012 - as it is there


class RedisRateWindows:
    """Counts the calls to each platform account in Redis, so that no rate limit is exceeded.

    While Redis is down, each process counts only its own calls. Publishing then continues, but the
    workers together may exceed the rate, at most by a factor of their number.
    """

    def __init__(self, url: str) -> None:
        """Create counters on the Redis server at *url*, without connecting to the server."""
        self._redis = connect(url)
        storage = _RedisStorage(
            "redis://", connection_pool=self._redis.connection_pool, key_prefix=_PREFIX
        )
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._asked_again_at = 0.0
        #: End of each block that this process has set, by account, in monotonic seconds.
        self._blocked: dict[str, float] = {}

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Count a call to *account* and return 0, or return how long to wait for a rate limit.

        *rates* are the limits. The wait is in seconds. A call that must wait is not counted.
        """
        blocked = self._blocked.get(account, 0.0) - time.monotonic()
        if blocked > 0:
            return blocked
        items: list[RateLimitItem] = [
            RateLimitItemPerSecond(rate.count, rate.seconds) for rate in rates
        ]
        if time.monotonic() >= self._asked_again_at:
            try:
                return self._blocked_for(account) or _take(self._shared, items, account)
            except RedisError as error:
                self._rest(error)
        return _take(self._own, items, account)

    def block(self, account: str, seconds: float) -> None:
        """Make `take` refuse all calls to *account* for *seconds*, in all processes."""
        self._blocked[account] = time.monotonic() + seconds
        try:
            self._redis.set(_block_key(account), 1, px=max(1, math.ceil(seconds * 1000)))
        except RedisError as error:
            self._rest(error)

    def _blocked_for(self, account: str) -> float:
        left = self._redis.pttl(_block_key(account))
        assert isinstance(left, int)
        return left / 1000 if left > 0 else 0.0

    def _rest(self, error: RedisError) -> None:
        self._asked_again_at = time.monotonic() + _REST
        logger.warning(
            "Redis is away; this process counts its rates by itself: %s",
            error,
            extra={"action": "rates_alone"},
        )


def _block_key(account: str) -> str:
    return f"{_PREFIX}:blocked:{account}"


def _take(limiter: MovingWindowRateLimiter, items: list[RateLimitItem], account: str) -> float:
    """Count a call and return 0, or return the seconds to wait if a limit in *items* is reached."""
    for item in items:
        if not limiter.test(item, account):
            reset = limiter.get_window_stats(item, account).reset_time
            return max(_LEAST, reset - time.time())
    for item in items:
        # Another worker may have filled the window since the test. The call is then counted in some
        # windows although it is not made, which slows this account down a little.
        if not limiter.hit(item, account):
            return _LEAST
    return 0.0
