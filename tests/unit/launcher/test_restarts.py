"""How long the supervisor waits."""

from __future__ import annotations

from contentsvc.launcher.restarts import Backoff


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    """A process that dies at once again and again does not keep the machine busy."""
    backoff = Backoff()

    waits = [backoff.after(0.1) for _ in range(9)]

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_minute_begins_anew() -> None:
    """A death after a long life is answered at once."""
    backoff = Backoff()
    for _ in range(5):
        backoff.after(1)

    assert backoff.after(60) == 0.5
    assert backoff.after(1) == 1
