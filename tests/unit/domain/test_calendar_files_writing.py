"""Writing calendar files: they read back equal and look as if a person wrote them."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import HealthCheck, given, settings

from contentsvc.domain.calendar_files import read_calendar, write_calendar
from contentsvc.domain.calendars import CalendarHead, CalendarPlan, Community
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice
from contentsvc.domain.walltime import parse_zone
from contentsvc.domain.weeks import IsoWeek, Weekday
from tests.drawn_plans import plans


# No deadline, because the machine may be slow.
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_a_written_plan_reads_back_equal(plan: CalendarPlan) -> None:
    """Reading a written plan gives an equal plan, whatever its texts contain."""
    assert read_calendar(write_calendar(plan), "written.yaml") == plan


PLAN = CalendarPlan(
    head=CalendarHead(
        slug="mums",
        name="母婴群",
        zone=parse_zone("Asia/Shanghai"),
        community=Community(CommunityKind.BENEFITS, 1, ("0-1岁",)),
        slots={"早安": time(8, 30), "晚间": time(20, 0, 15)},
        channels=("site", "group"),
    ),
    week=IsoWeek(2026, 48),
    entries=(
        EntryContent(
            key="check-in",
            day=Weekday.MON,
            kind=EntryKind.POST,
            title="早安：签到 ☀️",
            slot="早安",
            element=Element.CHECK_IN,
            body="早上好  \n第二行\n\n- 一\n",
            versions={"group": Version(body="早！")},
        ),
        EntryContent(
            key="live",
            day=Weekday.THU,
            kind=EntryKind.LIVESTREAM,
            title="直播",
            time=time(20),
            livestream=Livestream(host="林晓", points=("护肤", "答疑")),
            notices=(Notice.parse("-24h"), Notice.parse("0m"), Notice.parse("+90m")),
            poster=PosterSpec("live-notice", {"title1": "冬季护肤"}),
            pictures=(PictureRef("a.png", "宝宝"),),
            status=EntryStatus.APPROVED,
        ),
    ),
)
WRITTEN = """\
calendar: mums
name: 母婴群
timezone: Asia/Shanghai
community: {kind: benefits, tier: 1, tags: [0-1岁]}
slots:
  早安: "08:30"
  晚间: "20:00:15"
channels: [site, group]
week: 2026-W48
entries:
  - key: check-in
    day: mon
    slot: 早安
    kind: post
    element: check-in
    title: 早安：签到 ☀️
    body: |
      早上好\x20\x20
      第二行

      - 一
    versions:
      group:
        body: 早！

  - key: live
    day: thu
    time: "20:00"
    kind: livestream
    title: 直播
    livestream:
      host: 林晓
      minutes: 60
      points:
        - 护肤
        - 答疑
    notices: [-24h, 0m, +90m]
    poster:
      template: live-notice
      fields:
        title1: 冬季护肤
    pictures:
      - {file: a.png, alt: 宝宝}
    status: approved
"""


def test_written_as_a_person_would() -> None:
    """Fields are in order, bodies are blocks, Chinese is not escaped, defaults are left out."""
    assert write_calendar(PLAN) == WRITTEN


def test_template_and_empty_week() -> None:
    """A template has no week; a week without entries is still a calendar."""
    text = write_calendar(replace(PLAN, week=None, entries=()))

    assert "week:" not in text
    assert text.endswith("channels: [site, group]\nentries: []\n")


@pytest.mark.parametrize("body", ["一\n\n\n", "\n", "a\tb\nc", "a\r\nb"])
def test_bodies_that_cannot_be_blocks(body: str) -> None:
    """A body that a block scalar would change is written with escapes."""
    plan = replace(PLAN, entries=(replace(PLAN.entries[0], body=body),))

    text = write_calendar(plan)

    assert "body: |" not in text
    assert read_calendar(text, "f").entries[0].body == body
