"""Every error of a form is shown at once, at its field and in a summary."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from contentsvc.services import accounts
from contentsvc.services.runtime import Runtime
from tests.web.forms import marked_fields, summary_length
from tests.web.people import NOW, PASSWORD, Person, token_in
from tests.web.writing import NEW, PLAIN, make

CALENDAR = {"name": "群", "slug": "camping", "timezone": "Asia/Shanghai", "kind": "interest"}
CALENDAR |= {"tier": "1", "slots": "早安 08:30", "channels": "site"}


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "slug": "Not A Slug",
            "name": " ",
            "timezone": "Mars/Base",
            "slots": "早安",
            "quiet": "22:00",
            "quotas": "site three",
            "brand": "nobody",
            "kind": "secret",
            "channels": "nowhere",
        },
        {"slug": "baby-benefits", "slots": "", "brand": "nobody"},
        {"quiet": "22:00-22:00", "quotas": "site 1 2\nsite 3 4"},
    ],
)
def test_a_calendar(mei: Person, sample: str, wrong: dict[str, str]) -> None:
    """Names, zone, slots, quiet hours, quotas, brand and channels are checked together."""
    response = mei.post("/new-calendar", CALENDAR | wrong)

    assert marked_fields(response) == set(wrong)
    assert summary_length(response) == len(wrong)


def test_every_line_of_the_slots(mei: Person, sample: str) -> None:
    """A field of several lines tells each line that cannot be read."""
    slots = "早安\n午间 12:00\n晚间 25:00\n午间 13:00"

    text = mei.post("/new-calendar", {**CALENDAR, "slots": slots}).get_data(as_text=True)

    error = re.search(r'id="error-slots".*?</p>', text, re.DOTALL)
    assert error is not None
    assert all(f"“{line}”" in error[0] for line in ("早安", "25:00", "午间 13:00"))


def test_a_flood_of_wrong_lines_has_a_bounded_answer(mei: Person, sample: str) -> None:
    """The list of errors ends, however many lines are wrong."""
    response = mei.post("/new-calendar", {**CALENDAR, "slots": "x\n" * 100_000 + "y"})

    assert response.status_code == 422
    assert len(response.get_data()) < 1_000_000


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({}, {"title": " ", "slot": "深夜", "channels": "nowhere"}),
        (
            {"kind": "livestream", "slot": ""},
            {
                "title": "",
                "time": "half past",
                "livestream.url": "ftp://x",
                "livestream.minutes": "-5",
                "notices": "soon",
                "livestream.replay_url": "x",
                "livestream.booking_url": "y",
            },
        ),
        ({"kind": "poster"}, {"title": "", "week": "soon", "poster.template": ""}),
        ({}, {"kind": "dance", "day": "someday", "element": "fire"}),
        ({}, {"title": "长" * 201, "version_title__site": "长" * 201}),
    ],
)
def test_an_entry(mei: Person, sample: str, right: dict[str, str], wrong: dict[str, str]) -> None:
    """What the form cannot read and what the service refuses is shown together."""
    response = mei.post(NEW, {**PLAIN, **right, "version_body__site": "", **wrong})

    assert marked_fields(response) == set(wrong)
    assert summary_length(response) == len(wrong)


def test_a_channel(mei: Person, runtime: Runtime) -> None:
    """The name and every setting are checked together."""
    response = mei.post("/new-channel/webhook", {"name": "Not A Name", "url": "x", "secret": "y"})

    assert marked_fields(response) == {"name", "url", "secret"}


def test_a_taken_channel(mei: Person, sample: str) -> None:
    """A name that is taken hides no other error, and the other channel stays as it is."""
    response = mei.post("/new-channel/webhook", {"name": "site", "url": "x", "secret": ""})

    assert {"name", "url"} <= marked_fields(response)


def test_the_first_user(anonymous: FlaskClient, runtime: Runtime) -> None:
    """The name, the length of the password and its repetition are checked together."""
    with runtime.database.write() as session:
        token = accounts.make_link(session, now=NOW)
    form = anonymous.get(f"/sign-in/{token}").get_data(as_text=True)
    typed = {"name": "a b", "password": "short", "repeated": "other", "csrf_token": token_in(form)}

    response = anonymous.post(f"/sign-in/{token}", data=typed)

    assert marked_fields(response) == {"name", "password", "repeated"}


def test_a_new_password(mei: Person) -> None:
    """The current password, the new one and its repetition are checked together."""
    wrong = {"current": "wrong", "password": "short", "repeated": "other"}

    assert marked_fields(mei.post("/account", wrong)) == set(wrong)
    right = {"current": PASSWORD, "password": PASSWORD + "1", "repeated": PASSWORD + "1"}
    assert mei.post("/account", right).status_code == 302


@pytest.mark.parametrize(
    ("table", "marked"),
    [(b"", {"table", "format", "brand"}), (b"x", {"table", "format", "brand"})],
)
def test_a_batch(mei: Person, table: bytes, marked: set[str]) -> None:
    """The table, the format and the brand are checked together."""
    form: dict[str, object] = {"format": "tiff", "brand": "nobody", "sizes": "1x1"}
    form |= {"table": (io.BytesIO(table), "x.csv")} if table else {}

    assert marked_fields(mei.post("/posters/batches/new/invite", form)) == marked


def test_a_batch_without_sizes(mei: Person) -> None:
    """Missing sizes are told beside a missing table."""
    assert marked_fields(mei.post("/posters/batches/new/invite", {"format": "png"})) == {
        "table",
        "sizes",
    }


def test_moving_an_entry(mei: Person, sample: str, runtime: Runtime) -> None:
    """In the dialog the form comes back with every error, and the board stays."""
    entry = make(mei, runtime)
    wrong = {"week": "soon", "day": "someday", "slot": "", "time": "noon"}
    form = {**wrong, "rev": entry.rev, "in_dialog": "yes"}
    address = f"/entries/{entry.id}/move"

    page = mei.post(address, form)
    dialog = mei.post(address, form, headers={"HX-Request": "true"})

    assert marked_fields(page) == marked_fields(dialog) == {"week", "day", "time"}
    assert dialog.headers["HX-Retarget"] == "#dialog-body"
    assert "<html" not in dialog.get_data(as_text=True)


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("entry", {"place": "", "time": "noon", "week": "soon", "day": "someday", "kind": "song"}),
        ("file", {"format": "tiff", "limit": "many"}),
    ],
)
def test_the_studio(mei: Person, sample: str, action: str, wrong: dict[str, str]) -> None:
    """Where an entry goes, and how a file is made, is checked together."""
    form = {"poster-field.text": "慢慢来", **wrong}

    assert marked_fields(mei.post(f"/posters/quote/{action}", form)) == set(wrong)
