"""Settle what happens to approved entries if channels get other settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentsvc.db.mapping import approval_of, fingerprint
from contentsvc.db.models import ChannelRow, Delivery, Entry
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.services import approvals
from contentsvc.services.concerns import concerns_of_channel, decide
from contentsvc.services.planning import Usefulness, plan_deliveries

__all__ = ["changing_channels"]


@contextmanager
def changing_channels(
    session: Session, answer: Answer | None, *, now: datetime, usefulness: Usefulness
) -> Iterator[None]:
    """Let the caller save channels in *session*; afterwards settle the approved entries concerned.

    Entries that stay approved are approved for the new settings. The others go back to review; they
    are approved again if the channel gets its earlier settings back.

    Raises:
        ApprovedEntriesError: *answer* is None or given for another list of entries. The caller must
            roll back the transaction, so that no settings are stored.
    """
    before = _all_fingerprints(session)
    yield
    session.flush()
    after = _all_fingerprints(session)
    changed = {name for name, print_ in before.items() if after.get(name) != print_}
    concerns = [item for name in sorted(changed) for item in concerns_of_channel(session, name)]
    decision = decide(concerns, answer)
    for entry_id in dict.fromkeys(concern.entry_id for concern in concerns):
        entry = session.get_one(Entry, entry_id)
        if decision is Decision.KEEP:
            _keep(session, entry, after)
            continue
        approvals.suspend(entry, approvals.present_hash(session, entry, before))
        entry.rev += 1
        entry.updated_at = now
        session.flush()
        plan_deliveries(session, entry, now=now, usefulness=usefulness)
    if changed:
        _revive(session, now, usefulness)


def _all_fingerprints(session: Session) -> dict[str, str]:
    return {row.name: fingerprint(row) for row in session.scalars(select(ChannelRow))}


def _keep(session: Session, entry: Entry, prints: dict[str, str]) -> None:
    """Approve an entry for the channels' new settings; what is rendered or sent stays as it is."""
    approval = approval_of(entry)
    assert approval is not None
    channels = {name: prints[name] for name in approval.channels}
    approvals.store(entry, replace(approval, channels=channels))
    session.flush()
    session.execute(
        update(Delivery)
        .where(Delivery.entry_id == entry.id, Delivery.approval_hash == approval.hash)
        .values(approval_hash=entry.approval_hash)
        .execution_options(synchronize_session=False)
    )


def _revive(session: Session, now: datetime, usefulness: Usefulness) -> None:
    """Let approvals stand again that an earlier change of a channel has suspended."""
    suspended = select(Entry).where(
        Entry.suspended_hash.is_not(None), Entry.starts_at >= now, Entry.deleted_at.is_(None)
    )
    for entry in session.scalars(suspended).all():
        if approvals.revive(session, entry):
            entry.rev += 1
            session.flush()
            plan_deliveries(session, entry, now=now, usefulness=usefulness, at_once=False)
