"""Waiting for wake-ups, on a real Valkey server."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
import redis
from redis.exceptions import RedisError

from contentsvc.worker import waking
from contentsvc.worker.connections import connect
from contentsvc.worker.waking import Listener, call


def test_a_call_between_two_waits_is_heard(redis_url: str) -> None:
    """A wake-up between two waits ends the second wait."""
    with connect(redis_url) as client, closing(Listener(client)) as listener:
        assert not listener.wait(0.01)
        call(client)

        assert listener.wait(60)
        assert not listener.wait(0.01)


def test_the_waits_share_one_question(redis_url: str) -> None:
    """Several short waits share one blocking command on the server."""
    with connect(redis_url) as client, closing(Listener(client)) as listener:
        listener.wait(0.001)
        before = _commands(client)

        for _ in range(20):
            listener.wait(0.001)

        assert _commands(client) == before


def test_the_wait_goes_on_when_the_server_says_that_nobody_called(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the server ends the blocking command without a wake-up, the listener sends it again."""
    monkeypatch.setattr(waking, "_HOLD", 0.1)
    with connect(redis_url) as client, closing(Listener(client)) as listener:
        began = time.monotonic()

        woken = listener.wait(2.5)

        assert not woken
        assert time.monotonic() - began >= 2.5
        assert _commands(client) >= 2


def test_a_server_that_fell_silent_is_given_up(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that no longer responds raises an error, and a later wait uses a new connection."""
    monkeypatch.setattr(waking, "_HOLD", 0.1)
    monkeypatch.setattr(waking, "_GRACE", 0.2)
    with connect(redis_url) as client, closing(Listener(client)) as listener:
        assert not listener.wait(0.01)
        client.execute_command("CLIENT", "PAUSE", "1500", "ALL")

        with pytest.raises(RedisError, match="no answer"):
            listener.wait(5)

        time.sleep(1.5)
        call(client)
        assert listener.wait(60)


def _commands(client: redis.Redis) -> int:
    """Return the number of blocking commands that the server has received."""
    stats = client.info("commandstats")
    return int(stats.get("cmdstat_blpop", {}).get("calls", 0))
