"""The dispatcher's intervals and limits, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["DISPATCH_TUNING", "DispatchTuning"]


@dataclass(frozen=True, slots=True)
class DispatchTuning:
    """The intervals, lead times and limits of a dispatcher's turns (rounds of work)."""

    #: A turn begins this long before the next delivery is due, so that a worker has loaded the
    #: delivery and waits for its due time.
    wake_before: timedelta = timedelta(seconds=0.25)
    #: A turn claims the deliveries that are due within this time, so that deliveries in close
    #: succession share one statement and one job.
    claim_ahead: timedelta = timedelta(seconds=1)
    #: Most deliveries claimed in one statement. After a crash, at most this many wait for their
    #: lease to expire.
    most_per_claim: int = 400
    #: Most deliveries that are claimed and wait for a worker; the call of each must begin within
    #: its lease.
    most_claimed: int = 2000
    #: Pause while `most_claimed` deliveries are claimed. In this time the workers finish less than
    #: a quarter of them.
    full_pause: timedelta = timedelta(seconds=0.2)
    #: Most deliveries in one job of the queue.
    most_per_job: int = 200
    #: Most planned deliveries that are enqueued for rendering in one turn.
    most_renders: int = 20
    #: Longest pause between two turns. A turn after this pause finds changes without a wake-up,
    #: such as newly rendered deliveries. Workers do not wake the dispatcher: on a busy machine it
    #: would take a turn for each post and claim each by itself, and a dying worker would strand
    #: more.
    poll_every: timedelta = timedelta(seconds=2)
    #: Longest pause between two turns after `rest_after` without a claim or rendering.
    rest_poll_every: timedelta = timedelta(seconds=5)
    rest_after: timedelta = timedelta(seconds=60)
    #: Shortest time between two checks for expired leases and missed deliveries.
    sweep_every: timedelta = timedelta(milliseconds=500)
    #: Longest time between two such checks while nothing is due and no wake-up arrives.
    idle_sweep_every: timedelta = timedelta(seconds=5)
    #: How often the dispatcher records its heartbeat, sends reminders and resumes poster batches.
    beat_every: timedelta = timedelta(seconds=5)
    tidy_every: timedelta = timedelta(hours=1)
    #: Time after which deliveries are enqueued for rendering again if they are not rendered yet.
    render_lease: timedelta = timedelta(seconds=60)
    #: The shorter lease of deliveries that are due within `render_lease`: rendering twice costs
    #: less than publishing a minute late.
    short_render_lease: timedelta = timedelta(seconds=10)
    #: Pause before deliveries are enqueued again while the queue is down.
    queue_down_pause: timedelta = timedelta(seconds=1)


DISPATCH_TUNING = DispatchTuning()
