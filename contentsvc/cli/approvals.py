"""Ask on the command line what happens to approved entries that a change of settings concerns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from contentsvc.cli.typed_parameters import TypedChoice
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.errors import InputError
from contentsvc.services.concerns import ApprovedEntriesError, Concern, Fate, PlannedPost

if TYPE_CHECKING:
    from click.decorators import FC

__all__ = ["approved_option", "concern_lines", "settle"]

_Result = TypeVar("_Result")
_FATES = {
    Fate.STAYS: "",
    Fate.MOVES: "",
    Fate.AT_ONCE: " (would be published at once: it goes back to review)",
    Fate.GONE_BY: " (has passed: it goes back to review)",
}
_NOTICE_FATES = {
    **_FATES,
    Fate.AT_ONCE: " (would be published at once: it is cancelled)",
    Fate.GONE_BY: " (has passed: it is cancelled)",
}


def approved_option(command: FC) -> FC:
    """Add the option `--approved`, which answers the question in advance."""
    option = click.option(
        "--approved",
        type=TypedChoice([str(decision) for decision in Decision]),
        callback=_decision,
        help="Approved entries that a change of settings concerns: keep them approved, or send "
        "them back to review. Without it you are asked.",
    )
    return option(command)


def _decision(_context: click.Context, _option: click.Parameter, text: Any) -> Decision | None:
    return None if text is None else Decision(text)


def settle(write: Callable[[Answer | None], _Result], decision: Decision | None) -> _Result:
    """Return the result of *write*; print the approved entries that its change concerns.

    *write* receives the answer what happens to them: *decision*, or what the person types. If that
    is not known it must change nothing.

    Raises:
        InputError: *decision* is None, and nobody can be asked.
    """
    try:
        return write(None)
    except ApprovedEntriesError as question:
        for concern in question.concerns:
            for line in concern_lines(concern):
                click.echo(line)
        if decision is None and not sys.stdin.isatty():
            count = len(question.concerns)
            raise InputError("command-approved-needed", count=count) from question
        chosen = decision or Decision(_ask())
        return write(Answer(chosen, question.digest))


def _ask() -> str:
    text: str = click.prompt(
        "These entries are approved. Keep them approved, or send them back to review?",
        type=TypedChoice([str(decision) for decision in Decision]),
    )
    return text


def concern_lines(concern: Concern) -> list[str]:
    """Return the lines that say what a change of settings means for one approved entry."""
    head = f"{concern.calendar} {concern.week} {concern.key}: {concern.title}"
    lines = [f"  {_time_line(post, concern)}" for post in concern.posts]
    if concern.added:
        lines.append(f"  new channels, only after review: {', '.join(concern.added)}")
    if concern.removed:
        lines.append(f"  channels that are dropped after review: {', '.join(concern.removed)}")
    if concern.new_brand:
        lines.append("  another brand, only after review")
    if concern.channel:
        lines.append(f"  other settings of the channel {concern.channel}")
    return [head, *lines]


def _time_line(post: PlannedPost, concern: Concern) -> str:
    name = f"notice {post.notice}" if post.notice else "post"
    before = _local(post.before, concern.zone)
    if post.fate is Fate.STAYS:
        return f"{name} at {before}"
    # A livestream of which something is left to announce stays approved.
    fates = _FATES if concern.is_past else _NOTICE_FATES
    after = _local(post.after, concern.new_zone)
    return f"{name} from {before} to {after}{fates[post.fate]}"


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
