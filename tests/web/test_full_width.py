"""Forms filled in with a Chinese input method, which types full-width characters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services import accounts
from contentsvc.services.channel_setup.channels import get_channel
from contentsvc.services.runtime import Runtime
from tests.web.people import NOW, PASSWORD, Person, token_in
from tests.web.writing import make

CALENDAR = {
    "name": "露营（周末）群",
    "slug": "ｃａｍｐｉｎｇ",
    "timezone": "Ａｓｉａ／Ｓｈａｎｇｈａｉ",
    "kind": "interest",
    "tier": "1",
    "channels": "site",
    "slots": "早安　０８：３０\n夜聊，２１：００\n第１档22：30",
    "tags": "有车，有娃、０-１岁；有车",
    "quiet": "２２：３０～７：３０",
    "quotas": "ｓｉｔｅ　３，－",
}


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        (lambda calendar: calendar.slug, "camping"),
        (lambda calendar: calendar.name, "露营（周末）群"),
        (lambda calendar: calendar.timezone, "Asia/Shanghai"),
        (
            lambda calendar: calendar.slots,
            [["早安", "08:30"], ["夜聊", "21:00"], ["第１档", "22:30"]],
        ),
        (lambda calendar: calendar.community_tags, ["有车", "有娃", "０-１岁"]),
        (lambda calendar: calendar.quiet, "22:30-07:30"),
        (lambda calendar: calendar.quotas, {"site": {"day": 3, "month": None}}),
    ],
)
def test_the_settings_of_a_calendar(
    mei: Person, sample: str, runtime: Runtime, stored: Callable[[Calendar], object], value: object
) -> None:
    """Names, times, spans, lists and numbers are stored in their ordinary form."""
    assert mei.post("/new-calendar", CALENDAR).location == "/calendars/camping"

    with runtime.database.read() as session:
        calendar = session.scalars(select(Calendar).where(Calendar.slug == "camping")).one()
        found = stored(calendar)
    assert found == value


def test_unchanged_tags_stay(mei: Person, sample: str, runtime: Runtime) -> None:
    """A tag from a file that contains a separator is not split by saving the form."""
    with runtime.database.write() as session:
        session.execute(update(Calendar).values(community_tags=["爸爸、妈妈", "有车"]))
    form = {"name": "群", "timezone": "Asia/Shanghai", "kind": "benefits", "channels": "site"}
    form |= {"slots": "早安 08:30\n午间 12:00\n晚间 20:00", "tags": "爸爸、妈妈, 有车"}

    assert mei.post("/calendars/baby-benefits/edit", form).status_code in {303, 409}

    with runtime.database.read() as session:
        assert session.scalars(select(Calendar.community_tags)).all() == [["爸爸、妈妈", "有车"]]


def test_an_entry(mei: Person, sample: str, runtime: Runtime) -> None:
    """The time, minutes, notices and addresses are read; title and text stay as typed."""
    typed = {
        "slot": "",
        "time": "１２：３０",
        "kind": "livestream",
        "title": "１２：３０开播！",
        "body": "全场５折，速来～",
        "livestream.minutes": "９０",
        "livestream.url": "https：／／live.example/１",
        "notices": "－２４ｈ，-1h、０ｍ；＋２ｈ",
    }

    entry = make(mei, runtime, **typed)

    content = content_of(entry)
    assert (entry.time, content.title, content.body) == (
        "12:30",
        "１２：３０开播！",
        "全场５折，速来～",
    )
    assert content.livestream is not None
    assert content.livestream.minutes == 90
    assert content.livestream.url == "https://live.example/１"
    assert [str(notice) for notice in content.chain] == ["-24h", "-1h", "0m", "+2h"]


def test_a_field_for_a_number_takes_every_character(mei: Person, sample: str) -> None:
    """A browser sends an empty text if a number field holds full-width digits."""
    page = mei.text("/calendars/baby-benefits/entries/new")

    assert 'name="livestream.minutes" type="text"' in page


def test_a_delivery_is_planned_again(mei: Person, sample: str, runtime: Runtime) -> None:
    """The typed day and time are in the calendar's zone."""
    with runtime.database.write() as session:
        delivery = session.scalars(
            select(Delivery).join(Entry).where(Entry.kind == "post").order_by(Delivery.id)
        ).first()
        assert delivery is not None
        delivery.status = DeliveryStatus.FAILED

    response = mei.post(
        f"/deliveries/{delivery.id}/plan-again", {"at": "２０２６－１１－２６　２０：００"}
    )

    assert response.status_code == 303
    with runtime.database.read() as session:
        planned = session.get_one(Delivery, delivery.id)
    assert planned.due_at == datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_the_settings_of_a_channel(mei: Person, runtime: Runtime) -> None:
    """The name and the address are read; a secret stays as typed."""
    typed = {
        "name": "ｓｈｏｐ－ｈｏｏｋ",
        "url": "ｈｔｔｐｓ：／／shop.example/hook",
        "secret": "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0",
    }

    response = mei.post("/new-channel/webhook", typed)

    assert response.location == "/channels/shop-hook"
    with runtime.database.read() as session:
        channel = get_channel(session, "shop-hook")
    assert channel.settings["url"] == "https://shop.example/hook"


@pytest.mark.parametrize("typed", ["lan", "ＬＡＮ", "　ｌａｎ ", "Ｌan"])
def test_a_user_signs_in(mei: Person, anonymous: FlaskClient, runtime: Runtime, typed: str) -> None:
    """A name is stored in ordinary characters, and found however it is typed."""
    created = mei.post("/users", {"name": "Ｌａｎ"})
    assert created.status_code in {200, 303}
    with runtime.database.write() as session:
        user = accounts.find_user(session, typed)
        assert user is not None
        assert user.name == "lan"
        accounts.set_password(session, user, accounts.hash_password(PASSWORD))
    token = token_in(anonymous.get("/sign-in").get_data(as_text=True))

    response = anonymous.post(
        "/sign-in", data={"name": typed, "password": PASSWORD, "csrf_token": token}
    )

    assert response.status_code == 302


def test_a_name_stored_in_full_width_still_signs_in(
    anonymous: FlaskClient, runtime: Runtime
) -> None:
    """Earlier versions stored it as it was typed; it does not become another user's name."""
    password_hash = accounts.hash_password(PASSWORD)
    with runtime.database.write() as session:
        for name in ("ｌａｎ", "lan"):
            user = accounts.create_user(
                session, name=f"{len(name)}x", password_hash=password_hash, is_admin=False, now=NOW
            )
            user.name = name
            session.flush()

    with runtime.database.read() as session:
        found = [accounts.find_user(session, name) for name in ("ｌａｎ", "ＬＡＮ", "lan", "Ｌan")]

    assert [user.name for user in found if user] == ["ｌａｎ", "ｌａｎ", "lan", "lan"]


def test_every_spelling_of_a_name_has_one_count_of_tries(
    anonymous: FlaskClient, mei: Person
) -> None:
    """Nobody gets more tries by typing a name in other characters."""
    token = token_in(anonymous.get("/sign-in").get_data(as_text=True))
    words = "mei ｍei mｅi meｉ ｍｅi ｍeｉ mｅｉ ｍｅｉ MEI Ｍei ＭＥＩ"

    statuses = [
        anonymous.post(
            "/sign-in", data={"name": name, "password": "wrong", "csrf_token": token}
        ).status_code
        for name in words.split()
    ]

    assert statuses == [422] * 10 + [429]


def test_the_limit_of_a_poster_file(mei: Person) -> None:
    """The studio takes the kilobytes as typed."""
    response = mei.post("/posters/quote/file", {"poster-field.text": "好", "limit": "３００"})

    assert response.status_code == 200
    assert len(response.get_data()) <= 300 * 1024
