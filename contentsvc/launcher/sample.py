"""Adds sample content to an empty database: a channel, a calendar week and a welcome post."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from contentsvc.config import shipped
from contentsvc.db.models import Calendar
from contentsvc.domain.calendar_files import read_calendar_bytes
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.elements import Element
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.services.calendar_files.stamping import stamp
from contentsvc.services.calendar_settings import all_calendars, get_calendar
from contentsvc.services.channel_setup.channels import all_channels
from contentsvc.services.channel_setup.saving import check_channel, store_channel
from contentsvc.services.entries import create_entry
from contentsvc.services.planning import Usefulness, approve_entry
from contentsvc.services.runtime import Runtime

__all__ = ["add_sample", "welcome_time"]

logger = logging.getLogger(__name__)

#: The name recorded as the approver of the sample entries.
_BY = "sample"
_CHANNEL = "site"
_TEMPLATE = "baby-benefits.yaml"

#: Time between the first start and the welcome post.
_WELCOME_DELAY = timedelta(seconds=20)

_WELCOME = """\
这是 contentsvc 替你发出的第一篇内容：从周历到渠道，到点自动发布，只发一次。

接下来可以试试：

1. 打开启动时打印的登录链接，设好管理员的名字和密码。
2. 看看「母婴品牌福利群」这一周的周历：虚线卡片是草稿，改好后点「通过」，到点就会发布。
3. 在「渠道」里接上你们自己的地方，先用「试发」看看效果。
4. 在「周历」里导入别的模板：兴趣群、早报与栏目、大促闪群、直播活动、复购提醒。

每篇内容都可以用订阅源阅读：本站页面里就有 Atom 和 JSON Feed，直播还有日历订阅。
"""


def add_sample(runtime: Runtime) -> bool:
    """Add the sample content if the database is empty. Return True if it was added.

    Nothing is added if CONTENTSVC_SAMPLE is off, or if any channel or calendar exists.
    """
    if not runtime.config.sample:
        return False
    plan = read_calendar_bytes((shipped("calendars") / _TEMPLATE).read_bytes(), _TEMPLATE)
    now = runtime.clock()
    secret_key = runtime.config.secret_key
    with runtime.database.read() as session:
        if all_channels(session) or all_calendars(session):
            return False
        checked = check_channel(
            session,
            runtime.registry,
            name=_CHANNEL,
            type="site",
            settings={},
            secret_key=secret_key,
        )
    with runtime.database.write() as session:
        if all_channels(session) or all_calendars(session):
            return False
        store_channel(session, checked, secret_key=secret_key, now=now)
        _add(session, runtime, plan, now)
    runtime.queue.wake()
    logger.info("Added the sample week", extra={"action": "sample_brought"})
    return True


def _add(session: Session, runtime: Runtime, plan: CalendarPlan, now: datetime) -> None:
    usefulness = Usefulness.of(runtime.config)
    week = IsoWeek.of(now.astimezone(plan.head.zone).date())
    entries = tuple(_future_or_draft(plan, entry, week, now) for entry in plan.entries)
    stamp(session, replace(plan, entries=entries), week, now=now, by=_BY, usefulness=usefulness)
    _welcome(session, get_calendar(session, plan.head.slug), plan.head.zone, now, usefulness)


def _future_or_draft(
    plan: CalendarPlan, entry: EntryContent, week: IsoWeek, now: datetime
) -> EntryContent:
    """Return *entry*, as a draft if its time in *week* is before *now* (UTC).

    A draft is not sent, so the entry is not sent late.
    """
    if plan.head.starts_at(entry, week).at >= now:
        return entry
    return replace(entry, status=EntryStatus.DRAFT)


def _welcome(
    session: Session, calendar: Calendar, zone: ZoneInfo, now: datetime, usefulness: Usefulness
) -> None:
    week, content = welcome_time(now, zone)
    entry = create_entry(session, calendar, week, content, by=_BY, now=now)
    approve_entry(session, entry.id, entry.rev, by=_BY, now=now, usefulness=usefulness)


def welcome_time(now: datetime, zone: ZoneInfo) -> tuple[IsoWeek, EntryContent]:
    """Return the week and the content of a welcome post, due about twenty seconds after *now*.

    Shortly before midnight on a Sunday, the post is due on Monday of the next week.
    """
    at = now + _WELCOME_DELAY
    # Entries have whole seconds; rounding up keeps the time in the future.
    local = (at + timedelta(seconds=ceil(at.microsecond / 1e6))).replace(microsecond=0)
    local = local.astimezone(zone)
    content = EntryContent(
        key="welcome",
        day=list(Weekday)[local.weekday()],
        kind=EntryKind.POST,
        title="欢迎使用 contentsvc",
        time=local.time(),
        element=Element.TOPIC,
        body=_WELCOME,
        channels=(_CHANNEL,),
        status=EntryStatus.APPROVED,
    )
    return IsoWeek.of(local.date()), content
