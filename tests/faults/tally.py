"""The results of all deliveries, compared with the posts that the platforms took."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Self

from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from tests.faults.receiver import CERTAIN, POLLS, Call, ChaosReceiver
from tests.faults.world import BY_HAND, CHANNELS, World, keys_of

__all__ = ["Row", "Tally", "table"]

_S = DeliveryStatus


@dataclass
class Row:
    """The figures of one kind of channel."""

    deliveries: int = 0
    once: int = 0
    twice: int = 0
    #: Deliveries left to a person, and how many of them were out.
    unknown: int = 0
    unknown_out: int = 0
    #: Sent again without a person after a call that the platform may have taken.
    resent: int = 0
    #: Published but never taken, or failed, missed or cancelled.
    lost: int = 0
    stuck: int = 0
    early: int = 0
    missed: int = 0
    #: Taken once, or not wanted, after a person has settled the unknown deliveries.
    settled: int = 0


@dataclass
class Tally:
    """The rows of one database, by channel."""

    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    #: Descriptions of broken promises.
    faults: list[str] = field(default_factory=list)
    #: Milliseconds from due to the first call, of all deliveries with a call.
    lateness: list[float] = field(default_factory=list)
    says: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, world: World) -> Self:
        """Count before a person has settled any delivery."""
        tally = cls()
        calls = _by_key(world.receiver)
        for delivery in world.deliveries():
            tally._count(delivery, world.receiver, [calls[key] for key in keys_of(delivery)])
        tally.faults += world.receiver.outdated
        tally.says.update(call.says.value for call in world.receiver.calls)
        return tally

    def _count(self, delivery: Delivery, receiver: ChaosReceiver, parts: list[list[Call]]) -> None:
        """Count a delivery, whose part number n had the calls `parts[n - 1]`."""
        name = delivery.channel.name
        row = self.rows[name]
        taken = _taken(delivery, receiver)
        calls = sorted((call for part in parts for call in part), key=lambda call: call.at)
        row.deliveries += 1
        row.once += set(taken) == {1}
        row.twice += max(taken) > 1
        row.missed += delivery.status is _S.MISSED
        if delivery.status is _S.UNKNOWN:
            row.unknown += 1
            row.unknown_out += taken[delivery.parts_out] > 0
        # The other channels may send again: a repeated key is one post, or they searched first.
        if name in BY_HAND and any(map(_resent, parts)):
            row.resent += 1
            self._fault(delivery, f"sent again after {[call.says.value for call in calls]}")
        if any(call.at < delivery.due_at.timestamp() for call in calls):
            row.early += 1
            self._fault(delivery, "called before it was due")
        if calls:
            self.lateness.append(1000 * (calls[0].at - delivery.due_at.timestamp()))
        if any(len({call.body for call in part}) > 1 for part in parts):
            self._fault(delivery, "sent with different contents under one key")
        if name == "later" and delivery.status is _S.PUBLISHED:
            polls = receiver.poll_count(delivery.key)
            if polls < POLLS:
                self._fault(delivery, f"published after {polls} polls")
        self._judge(delivery, row, taken)

    def _judge(self, delivery: Delivery, row: Row, taken: list[int]) -> None:
        if max(taken) > 1:
            self._fault(delivery, f"taken {taken} times")
        if taken != sorted(taken, reverse=True) and max(taken) == 1:
            self._fault(delivery, f"parts out of order: {taken}")
        if delivery.channel.name == "tls":
            return
        if delivery.status is _S.PUBLISHED and not all(taken):
            row.lost += 1
            self._fault(delivery, "published, and nobody took it")
        elif delivery.status in {_S.FAILED, _S.MISSED, _S.CANCELLED}:
            row.lost += 1
            self._fault(delivery, f"{delivery.status}, taken {taken} times")
        elif delivery.status not in {_S.PUBLISHED, _S.UNKNOWN}:
            row.stuck += 1
            self._fault(delivery, "stuck")
        elif delivery.status is _S.UNKNOWN and delivery.channel.name == "asked":
            row.stuck += 1
            self._fault(delivery, "unknown, though the platform can be asked")

    def _fault(self, delivery: Delivery, words: str) -> None:
        at = datetime.now(UTC)
        self.faults.append(
            f"{delivery.channel.name} {delivery.id} {delivery.status} {words} "
            f"(attempts {delivery.attempt_count}, in doubt {delivery.in_doubt}, due "
            f"{(at - delivery.due_at).total_seconds():.0f} s ago, next "
            f"{(delivery.next_at - at).total_seconds():.0f} s, {delivery.error!r})"
        )

    def decided(self, world: World) -> None:
        """Count again after a person has settled the unknown deliveries."""
        for delivery in world.deliveries():
            name = delivery.channel.name
            taken = _taken(delivery, world.receiver)
            if name == "tls":
                # A delivery whose worker died during a call may be out.
                good = not any(taken) and delivery.status in {_S.CANCELLED, _S.FAILED, _S.UNKNOWN}
            else:
                good = set(taken) == {1} and delivery.status is _S.PUBLISHED
            self.rows[name].settled += good
            if not good:
                self._fault(delivery, f"taken {taken} times after a person has decided")


def _taken(delivery: Delivery, receiver: ChaosReceiver) -> list[int]:
    """Return how often the platform took each part of a delivery."""
    kept = receiver.taken[f"/{delivery.channel.name}"]
    return [kept.get(key, 0) for key in keys_of(delivery)]


def _by_key(receiver: ChaosReceiver) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = defaultdict(list)
    for call in receiver.calls:
        found[call.key].append(call)
    return found


def _resent(calls: list[Call]) -> bool:
    """Tell whether a call followed another that the platform may have taken."""
    return any(call.says not in CERTAIN for call in calls[:-1])


_KINDS = {**CHANNELS, "gone": "closed (410)", "tls": "wrong certificate"}
_HEADS = {
    "unknown_out": "of these out",
    "resent": "resent without a person",
    "settled": "right in the end",
}


def table(results: dict[str, Tally]) -> str:
    """Return the figures as a Markdown table."""
    names = [one.name for one in fields(Row)]
    heads = [_HEADS.get(name, name) for name in names]
    heads = [{"once": "taken once", "twice": "taken twice"}.get(head, head) for head in heads]
    lines = [
        "| database | channel | " + " | ".join(heads) + " |",
        "|---|---|" + "---:|" * len(heads),
    ]
    for database, tally in results.items():
        for name, kind in _KINDS.items():
            row = tally.rows.get(name)
            if row is not None:
                figures = " | ".join(str(getattr(row, figure)) for figure in names)
                lines.append(f"| {database} | {kind} | {figures} |")
    return "\n".join(lines)
