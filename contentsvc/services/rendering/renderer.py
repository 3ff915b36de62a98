"""Calls channel plugins to turn entries into finished posts, for previews and for publishing."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import (
    ChannelEntry,
    Notice,
    Picture,
    RenderContext,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.hosting import (
    fill_words,
    notice_placeholders,
    render_entry,
    split_rendition,
)
from contentsvc.db.mapping import approval_of, fingerprint, head_of
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.approvals import Approval
from contentsvc.domain.deliveries import Actor, DeliveryStatus
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import PLUGIN_FAULTS, ContentsvcError, PluginError, RenderError
from contentsvc.masking import KNOWN
from contentsvc.messages import Message, text_of
from contentsvc.services.approvals import channel_names
from contentsvc.services.booking import page_url
from contentsvc.services.channel_setup.channels import limits_of, open_channel
from contentsvc.services.delivery.moves import move_one
from contentsvc.services.delivery.parts import store_parts
from contentsvc.services.posting_limits import Pace, pace_of, pacing_warnings
from contentsvc.services.rendering.content_checks import check_rendition
from contentsvc.services.rendering.entry_posters import ItemPosters, PosterMaker
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.renditions import (
    load_rendition,
    prepare,
    rendition_picture,
    store_rendition,
)
from contentsvc.services.runtime import Runtime

__all__ = ["Preview", "Renderer"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds that a preview may take. Painting a poster takes long on a busy machine.
_PREVIEW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Preview:
    """An entry or notice as one channel will show it, or the error of rendering it."""

    channel: str
    #: Empty if there is no such channel.
    channel_type: str
    #: The notice's offset; empty for a post or poster.
    notice: str
    #: The notice's state (`before`, `tomorrow`, …); empty for a post or poster.
    state: str
    due_at: datetime
    rendition_hash: str | None = None
    rendition: Rendition | None = None
    #: The parts in which the channel publishes it, with their hashes; empty if it has only one.
    parts: tuple[tuple[str, Rendition], ...] = ()
    warnings: tuple[RenditionWarning, ...] = ()
    error: Message | None = None


class Renderer:
    """Calls plugins to make renditions (the finished posts of a channel), and stores these."""

    def __init__(self, runtime: Runtime) -> None:
        """Create a renderer that uses the plugins and channels of *runtime*."""
        self._runtime = runtime
        self.posters = PosterMaker(runtime)

    def preview(
        self, calendar: Calendar, week: IsoWeek, content: EntryContent, *, code: str = ""
    ) -> list[Preview]:
        """Render an entry for each channel and notice, store the renditions, and return previews.

        *code* is the code of the entry's public page; it is empty if the entry was not saved yet.
        If a rendering fails, its preview has the error.
        """
        names = channel_names(content, calendar)
        chain: Sequence[Notice | None] = content.chain or (None,)
        with self._runtime.database.read() as session:
            query = select(ChannelRow).where(ChannelRow.name.in_(names))
            rows = {row.name: row for row in session.scalars(query)}
        previews = []
        for name in names:
            items = [RenderItem.of(calendar, week, content, notice, code) for notice in chain]
            paced = self._paced(calendar, rows.get(name), items)
            for item, warnings in zip(items, paced, strict=True):
                preview = self._preview(name, rows.get(name), item)
                previews.append(replace(preview, warnings=(*preview.warnings, *warnings)))
        return previews

    def _paced(
        self, calendar: Calendar, row: ChannelRow | None, items: Sequence[RenderItem]
    ) -> list[list[RenditionWarning]]:
        """Return, for each of *items*, the warnings about the channel's quiet hours and quotas."""
        if row is None:
            return [[] for _ in items]
        pace = self._pace(calendar, row)
        due = [item.due_at for item in items]
        first = items[0]
        with self._runtime.database.read() as session:
            return pacing_warnings(
                session, pace, due, entry_key=(str(first.week), first.content.key)
            )

    def _pace(self, calendar: Calendar, row: ChannelRow) -> Pace | None:
        def ask(opened: OpenChannel | None) -> Pace | None:
            return pace_of(calendar.id, head_of(calendar), (row.id, row.name), opened)

        try:
            return self._within(row, lambda: ask(open_channel(self._runtime, row)))
        except ContentsvcError:
            # Each preview reports the error.
            return ask(None)

    def _within(self, row: ChannelRow, call: Callable[[], T]) -> T:
        """Call *call*, which uses the channel's plugin, within a time limit; return its result.

        Raises:
            PluginError: the call takes too long.
        """
        return self._runtime.calls.run(row.type, call, _PREVIEW_SECONDS)

    def _preview(self, name: str, row: ChannelRow | None, item: RenderItem) -> Preview:
        blank = Preview(
            channel=name,
            channel_type=row.type if row else "",
            notice=str(item.notice) if item.notice else "",
            state=item.notice.state.value if item.notice else "",
            due_at=item.due_at,
        )
        if row is None:
            return _refused(
                blank, RenderError("preview-channel-unknown", field="channels", name=name)
            )
        try:
            rendition, parts = self._within(row, lambda: self._opened_and_rendered(row, item))
        except RenderError as error:
            return _refused(blank, error)
        except ContentsvcError as error:
            return replace(blank, error=error.message)
        prepared = prepare(self._runtime, rendition)
        prepared_parts = [prepare(self._runtime, part) for part in parts]
        with self._runtime.database.write() as session:
            for one in (prepared, *prepared_parts):
                store_rendition(self._runtime, session, one)
        hashes = [one.hash for one in prepared_parts]
        return replace(
            blank,
            rendition_hash=prepared.hash,
            rendition=rendition,
            parts=tuple(zip(hashes, parts, strict=True)) if len(parts) > 1 else (),
            warnings=rendition.warnings,
        )

    def _opened_and_rendered(
        self, row: ChannelRow, item: RenderItem
    ) -> tuple[Rendition, tuple[Rendition, ...]]:
        channel = open_channel(self._runtime, row)
        return self._render(channel, self._with_page(channel, item))

    def render_planned(
        self, delivery_ids: Sequence[int], note: Callable[[int], None] = lambda _: None
    ) -> int:
        """Render planned deliveries and schedule them. Return how many were scheduled.

        A delivery that its channel cannot show fails with the reason. A delivery whose plugin is
        not installed stays planned and waits. *note* is called with each delivery's id before its
        rendering, and with 0 at the end.
        """
        scheduled = 0
        for delivery_id in delivery_ids:
            note(delivery_id)
            scheduled += self._render_planned(delivery_id)
        note(0)
        return scheduled

    def give_up(self, delivery_id: int, reason: Message, *, is_last: bool) -> None:
        """Store the *reason* why a planned delivery could not be rendered.

        If *is_last* is true, the delivery fails. Otherwise it stays planned, to be rendered again.
        """
        with self._runtime.database.read() as session:
            delivery = _planned(session, delivery_id)
        if delivery is None:
            return
        if is_last:
            self._settle(delivery, DeliveryStatus.FAILED, error=reason)
        else:
            self._note(delivery, reason)

    def _render_planned(self, delivery_id: int) -> bool:
        with self._runtime.database.read() as session:
            delivery = _planned(session, delivery_id)
        approval = approval_of(delivery.entry) if delivery is not None else None
        if delivery is None or approval is None or not _is_approved(delivery, approval):
            return False
        try:
            channel = open_channel(self._runtime, delivery.channel)
            item = self._with_page(channel, RenderItem.of_delivery(delivery, approval))
            rendition, parts = self._render(channel, item)
        except RenderError as error:
            return self._settle(delivery, DeliveryStatus.FAILED, error=error.message)
        except PluginError as error:
            self._note(delivery, error.message)
            return False
        blocking = [
            warning for warning in rendition.warnings if warning.level is WarningLevel.BLOCK
        ]
        if blocking:
            # The web form refuses to approve such an entry, but a calendar file can approve it.
            return self._settle(delivery, DeliveryStatus.FAILED, error=blocking[0].message)
        prepared = prepare(self._runtime, rendition)
        prepared_parts = [prepare(self._runtime, part) for part in parts]
        with self._runtime.database.write() as session:
            for one in (prepared, *prepared_parts):
                store_rendition(self._runtime, session, one)
        values = {
            "rendition_hash": prepared.hash,
            "part_count": len(parts),
            "parts_out": 0,
            "facts": item.livestream_facts(delivery.channel.name),
            "error": "",
        }
        hashes = [one.hash for one in prepared_parts]
        return self._settle(delivery, DeliveryStatus.SCHEDULED, hashes, **values)

    def _settle(
        self,
        delivery: Delivery,
        status: DeliveryStatus,
        parts: Sequence[str] = (),
        **values: Any,
    ) -> bool:
        """Set a planned delivery to *status*. Return True if it is now scheduled.

        *parts* are the hashes of its parts' renditions. If the delivery was planned again
        meanwhile, do nothing and return False.
        """
        now = self._runtime.clock()
        with self._runtime.database.write() as session:
            current = _planned(session, delivery.id)
            if current is None or current.due_at != delivery.due_at:
                return False
            if current.approval_hash != delivery.approval_hash:
                return False
            moved = move_one(session, current, status, Actor.RENDERER, updated_at=now, **values)
            if moved and parts:
                store_parts(session, current.id, parts)
        return moved and status is DeliveryStatus.SCHEDULED

    def _note(self, delivery: Delivery, reason: Message) -> None:
        """Store why a planned delivery cannot be rendered yet."""
        with self._runtime.database.write() as session:
            current = _planned(session, delivery.id)
            if current is not None:
                current.error = reason

    def _render(
        self, channel: OpenChannel, item: RenderItem
    ) -> tuple[Rendition, tuple[Rendition, ...]]:
        """Render *item*; return the rendition with all its warnings, and its parts, if any."""
        if item.content.kind not in channel.kinds:
            kind = Message(f"entry-kind-{item.content.kind}")
            raise RenderError(
                "rendition-kind-refused", field="kind", channel=channel.host.name, kind=kind
            )
        posters = self.posters.posters_of(item)
        context = self._context(channel, item, posters)
        entry = _filled(self._entry(channel.host.name, item), item.notice, context)
        try:
            rendition = render_entry(channel, entry, item.notice, context)
            _check_rendition(rendition)
            parts = split_rendition(channel, rendition)
            for part in parts:
                _check_rendition(part)
        except ContentsvcError as error:
            error.message = KNOWN.message(error.message)
            raise
        except PLUGIN_FAULTS as error:
            raise _plugin_fault(channel, error) from error
        warnings = [*rendition.warnings, *posters.warnings]
        # A platform's limits are those of one message.
        limits = limits_of(channel)
        for message in parts or (rendition,):
            warnings += limits.check(message)
        checks = self._runtime.registry.checks()
        warnings += check_rendition(checks, entry, rendition, context.language)
        masked = map(_masked, _distinct(warnings))
        return replace(rendition, warnings=tuple(masked)), parts

    def _with_page(self, channel: OpenChannel, item: RenderItem) -> RenderItem:
        """Return *item*, with the address of the livestream's public page if it has a notice."""
        if item.notice is None:
            return item
        return replace(item, booking_page=page_url(self._runtime, item.code, channel))

    def _context(
        self, channel: OpenChannel, item: RenderItem, posters: ItemPosters
    ) -> RenderContext:
        return RenderContext(
            channel=channel.host.name,
            zone=item.zone,
            language=self._runtime.config.language,
            public_url=self._runtime.config.public_url,
            make_poster=posters.make,
            make_card=posters.card,
        )

    def _entry(self, channel: str, item: RenderItem) -> ChannelEntry:
        content, notice = item.content, item.notice
        return ChannelEntry(
            kind=content.kind,
            title=content.title_for(channel),
            body=content.notice_body(channel, notice) if notice else content.body_for(channel),
            due_at=item.due_at,
            starts_at=item.starts_at,
            ref=item.ref,
            element=content.element.value if content.element else None,
            livestream=content.livestream,
            headline=(content.notice_version(notice).title or "") if notice else "",
            booking_page=item.booking_page,
            has_poster=content.poster is not None,
            pictures=self.posters.pictures(content.pictures),
        )

    def load(self, session: Session, digest: str) -> Rendition:
        """Load the rendition with the hash *digest*, including its pictures.

        Raises:
            NotFoundError: there is no such rendition, or a picture is damaged.
        """
        return load_rendition(self._runtime, session, digest)

    def picture(self, session: Session, digest: str, name: str) -> Picture:
        """Return the picture called *name* of the rendition with the hash *digest*.

        Raises:
            NotFoundError: there is no such picture.
        """
        return rendition_picture(self._runtime, session, digest, name)


def _is_approved(delivery: Delivery, approval: Approval) -> bool:
    """Return True if *approval* belongs to the delivery and covers its channel's settings."""
    channel = delivery.channel
    is_same = delivery.approval_hash == approval.hash
    return is_same and approval.channels.get(channel.name) == fingerprint(channel)


def _filled(entry: ChannelEntry, notice: Notice | None, context: RenderContext) -> ChannelEntry:
    """Replace placeholders such as `{booking}` in the texts of *entry* with values.

    Only the texts of a *notice* have placeholders.
    """
    if notice is None:
        return entry
    values = notice_placeholders(notice, entry, context)
    headline = fill_words(entry.headline, values)
    return replace(entry, headline=headline, body=fill_words(entry.body, values))


def _refused(blank: Preview, error: RenderError) -> Preview:
    warning = RenditionWarning(WarningLevel.BLOCK, error.field or "body", error.message)
    return replace(blank, warnings=(warning,), error=error.message)


def _distinct(warnings: Sequence[RenditionWarning]) -> list[RenditionWarning]:
    """Return *warnings* without duplicates, in order. Several parts may have the same fault."""
    return [one for number, one in enumerate(warnings) if one not in warnings[:number]]


def _masked(warning: RenditionWarning) -> RenditionWarning:
    return RenditionWarning(warning.level, warning.field, KNOWN.message(warning.message))


def _planned(session: Session, delivery_id: int) -> Delivery | None:
    return session.scalar(
        select(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status == DeliveryStatus.PLANNED)
        .options(
            joinedload(Delivery.entry).joinedload(Entry.calendar), joinedload(Delivery.channel)
        )
    )


def _check_rendition(rendition: object) -> None:
    """Raise RenderError if *rendition*, which a plugin returned, is unusable."""
    if not isinstance(rendition, Rendition):
        raise RenderError("rendition-not-given", type=type(rendition).__name__)
    try:
        json.dumps(dict(rendition.data), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RenderError("rendition-data-not-json", reason=str(error)) from error
    names = [picture.name for picture in rendition.pictures]
    if len(names) != len(set(names)) or any("/" in name or not name for name in names):
        raise RenderError("rendition-picture-names", names=names)


def _plugin_fault(channel: OpenChannel, error: BaseException) -> RenderError:
    """Log an unexpected error of a plugin; return the error to show to people."""
    logger.error(
        "A plugin failed while rendering",
        exc_info=error,
        extra={"action": "render_failed", "channel": channel.host.name},
    )
    last = traceback.extract_tb(error.__traceback__)[-1]
    return RenderError(
        "rendition-plugin-failed",
        channel=channel.host.name,
        error=type(error).__name__,
        reason=KNOWN.text(text_of(error)),
        function=last.name,
        line=last.lineno or 0,
    )
