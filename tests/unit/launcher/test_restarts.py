"""The supervisor's wait before it restarts a process."""

from __future__ import annotations

from contentsvc.launcher.restarts import Backoff


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    """The wait doubles with each early death, up to half a minute."""
    backoff = Backoff()

    waits = [backoff.after(0.1) for _ in range(9)]

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_minute_resets_the_wait() -> None:
    """After a healthy minute the wait is short again."""
    backoff = Backoff()
    for _ in range(5):
        backoff.after(1)

    assert backoff.after(60) == 0.5
    assert backoff.after(1) == 1
