"""The dispatcher's tunables, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["DISPATCH_TUNING", "DispatchTuning"]


@dataclass(frozen=True, slots=True)
class DispatchTuning:
    """How often, how early and how many: what a dispatcher does in one turn."""

    #: A turn begins this long before the next delivery is due, so that a worker has the delivery
    #: ready and waits for the instant itself.
    wake_before: timedelta = timedelta(seconds=0.25)
    #: A turn claims what is due within this time, so that deliveries which follow each other
    #: closely share a claim and a job.
    claim_ahead: timedelta = timedelta(seconds=1)
    #: Deliveries claimed in one statement. After a crash, at most these wait for their lease to
    #: expire.
    most_per_claim: int = 400
    #: Deliveries that are claimed and wait for a worker; each must begin within its lease.
    most_claimed: int = 2000
    #: Pause while `most_claimed` are claimed: by then the workers have finished less than a quarter
    #: of them.
    full_pause: timedelta = timedelta(seconds=0.2)
    #: Deliveries in one job of the queue.
    most_per_job: int = 200
    #: Planned deliveries sent to the render queue in one turn.
    most_renders: int = 20
    #: Longest pause between two turns. Such a turn notices what no wake-up announces, such as newly
    #: rendered deliveries. Workers do not wake the dispatcher: on a busy machine it would take a
    #: turn for each post and claim each by itself, and a dying worker would strand more.
    poll_every: timedelta = timedelta(seconds=2)
    #: The same after `rest_after` without anything to do.
    rest_poll_every: timedelta = timedelta(seconds=5)
    rest_after: timedelta = timedelta(seconds=60)
    #: Shortest time between two checks for expired leases and missed deliveries.
    sweep_every: timedelta = timedelta(milliseconds=500)
    #: Longest time between two such checks while nothing is due and nobody wakes the dispatcher.
    idle_sweep_every: timedelta = timedelta(seconds=5)
    #: How often the dispatcher records its heartbeat, sends reminders and resumes poster batches.
    beat_every: timedelta = timedelta(seconds=5)
    tidy_every: timedelta = timedelta(hours=1)
    #: Time that the renderer has for a batch before it is enqueued again.
    render_lease: timedelta = timedelta(seconds=60)
    #: The same for deliveries that are due within `render_lease`: rendering twice costs less than
    #: publishing a minute late.
    short_render_lease: timedelta = timedelta(seconds=10)
    #: Pause before claimed or planned deliveries are enqueued again while the queue is down.
    queue_down_pause: timedelta = timedelta(seconds=1)


DISPATCH_TUNING = DispatchTuning()
