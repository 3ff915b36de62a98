"""People with too small a role try to do more, and nothing changes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.app import create_app
from contentsvc.db.models import (
    Calendar,
    ChannelRow,
    Delivery,
    Entry,
    Membership,
    PosterBatch,
    User,
)
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.roles import Role
from contentsvc.domain.weeks import IsoWeek
from contentsvc.services import accounts, planning, switch
from contentsvc.services.calendar_files.exporting import export_text
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.planning import Usefulness
from contentsvc.services.runtime import Runtime
from tests.web.people import NOW, PASSWORD, WEEK, Person, give_role
from tests.web.test_calendars import FORM
from tests.web.test_poster_batches import _draft as draft_batch
from tests.web.writing import NEW, PLAIN, count, entry_of, make

MOVE = {"week": WEEK, "day": "sun", "slot": "晚间", "time": ""}


@pytest.fixture
def people(mei: Person, runtime: Runtime, sample: str) -> dict[str, Person]:
    """Return a signed-in person for each role, and a manager of another calendar."""
    assert mei.post("/new-calendar", FORM).status_code == 303
    app = mei.client.application
    with runtime.database.write() as session:
        for name in (*Role, "stranger"):
            accounts.create_user(
                session,
                name=name,
                password_hash=accounts.hash_password(PASSWORD),
                is_admin=False,
                now=NOW,
            )
    for role in Role:
        give_role(runtime, role, sample, role)
    give_role(runtime, "stranger", "camping", Role.MANAGER)
    return {name: Person(app, name) for name in (*Role, "stranger")} | {"admin": mei}


def _approve(runtime: Runtime, entry_id: int) -> Entry:
    with runtime.database.write() as session:
        entry = session.get_one(Entry, entry_id)
        usefulness = Usefulness.of(runtime.config)
        planning.approve(session, entry, by="mei", now=NOW, usefulness=usefulness)
    return entry_of(runtime, entry_id)


@pytest.mark.parametrize("who", [*Role, "stranger"])
def test_only_admins_touch_channels_and_the_switch(
    people: dict[str, Person], runtime: Runtime, who: str, tmp_path: Path
) -> None:
    """Nobody else makes a channel to this machine or a folder, changes one, or pauses anything."""
    person, folder = people[who], tmp_path / "stolen"
    webhook = {"name": "w", "url": "http://127.0.0.1:6379/", "allow_private": "yes"}
    before = count(runtime, ChannelRow)

    statuses = [
        person.post("/new-channel/webhook", webhook).status_code,
        person.post("/new-channel/folder", {"name": "f", "folder": str(folder)}).status_code,
        person.post("/channels/site", {"title": "mine"}).status_code,
        person.get("/channels/site").status_code,
        *(
            person.post(f"/channels/site/{step}").status_code
            for step in ("test", "identity", "pause", "resume", "delete")
        ),
        person.post("/system/pause", {"reason": "x"}).status_code,
        person.post("/system/resume").status_code,
        person.post("/calendar-files/baby-benefits.yaml/import").status_code,
        person.post("/users", {"name": "eve", "is_admin": "yes"}).status_code,
    ]

    assert set(statuses) == {403}
    assert count(runtime, ChannelRow) == before
    assert not folder.exists()
    with runtime.database.read() as session:
        channel = session.scalars(select(ChannelRow)).one()
        assert (channel.paused_at, channel.settings.get("title")) == (None, None)
        assert switch.paused(session) is None


@pytest.mark.parametrize("who", ["viewer", "writer", "approver", "stranger"])
def test_only_managers_write_to_the_calendars_folder(
    people: dict[str, Person], calendars_dir: Path, who: str
) -> None:
    """The export is refused, and no file is written."""
    before = {path.name: path.read_bytes() for path in calendars_dir.iterdir()}

    response = people[who].post("/calendars/baby-benefits/export", {"week": WEEK, "overwrite": "y"})

    assert response.status_code == (404 if who == "stranger" else 403)
    assert {path.name: path.read_bytes() for path in calendars_dir.iterdir()} == before


def test_nobody_reads_or_deletes_the_batch_of_another(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """A batch is its owner's and the admins': to anybody else it does not exist."""
    address = draft_batch(people["writer"])

    for who in ("approver", "manager", "stranger"):
        assert people[who].get(address).status_code == 404
        assert people[who].post(f"{address}/delete").status_code == 404
        assert people[who].get(f"{address}/posters.zip").status_code == 404
        assert address not in people[who].text("/posters/batches/")
    assert count(runtime, PosterBatch) == 1
    assert people["writer"].get(address).status_code == 200
    assert address in people["admin"].text("/posters/batches/")
    assert people["writer"].post(f"{address}/delete").status_code == 303


def test_a_writer_cannot_approve_by_another_button(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """The button of the entry form that approves as well is refused before anything is stored."""
    writer, before = people["writer"], count(runtime, Entry)

    assert writer.post(NEW, {**PLAIN, "action": "approve"}).status_code == 403
    assert count(runtime, Entry) == before
    entry = make(writer, runtime)
    changed = {**PLAIN, "title": "新", "rev": entry.rev}
    for action in ("approve", "take-back"):
        form = {**changed, "action": action}
        assert writer.post(f"/entries/{entry.id}", form).status_code == 403
    for step in ("approve", "return", "cancel", "take-back"):
        assert writer.post(f"/entries/{entry.id}/{step}", {"rev": entry.rev}).status_code == 403

    after = entry_of(runtime, entry.id)
    assert (after.title, after.status, after.rev) == (entry.title, EntryStatus.DRAFT, entry.rev)
    assert writer.post(f"/entries/{entry.id}/submit", {"rev": entry.rev}).status_code == 303
    assert entry_of(runtime, entry.id).status is EntryStatus.IN_REVIEW


def test_who_moves_an_approved_entry_must_be_an_approver(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """A writer moves drafts, but not what goes out at the new time without a review."""
    entry = make(people["writer"], runtime)
    moved = {**MOVE, "rev": entry.rev}
    assert people["writer"].post(f"/entries/{entry.id}/move", moved).status_code == 303
    approved = _approve(runtime, entry.id)
    back = {**MOVE, "day": "sat", "rev": approved.rev}

    assert people["writer"].post(f"/entries/{entry.id}/move", back).status_code == 403
    assert entry_of(runtime, entry.id).day == "sun"
    assert people["approver"].post(f"/entries/{entry.id}/move", back).status_code == 303
    assert entry_of(runtime, entry.id).day == "sat"


def test_who_deletes_what_is_approved_must_be_a_manager(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """A writer deletes and restores drafts; approved entries are the managers'."""
    draft = make(people["writer"], runtime)
    entry = _approve(runtime, make(people["writer"], runtime, day="sun").id)

    assert (
        people["writer"].post(f"/entries/{draft.id}/delete", {"rev": draft.rev}).status_code == 303
    )
    assert people["writer"].post(f"/entries/{draft.id}/restore").status_code == 303
    for who in ("writer", "approver"):
        gone = people[who].post(f"/entries/{entry.id}/delete", {"rev": entry.rev})
        assert gone.status_code == 403
    assert entry_of(runtime, entry.id).deleted_at is None
    assert (
        people["manager"].post(f"/entries/{entry.id}/delete", {"rev": entry.rev}).status_code == 303
    )
    assert people["approver"].post(f"/entries/{entry.id}/restore").status_code == 403
    assert people["manager"].post(f"/entries/{entry.id}/restore").status_code == 303
    assert entry_of(runtime, entry.id).approval_hash == entry.approval_hash


def test_without_reviews_a_change_of_an_approved_entry_is_an_approval(
    people: dict[str, Person], runtime: Runtime, sample: str
) -> None:
    """If edits need no review, a writer cannot change an approved entry, by either form."""
    entry = _approve(runtime, make(people["writer"], runtime).id)
    app = create_app(replace(runtime, config=replace(runtime.config, review_on_edit=False)))
    writer, approver = Person(app, "writer"), Person(app, "approver")
    changed = {**PLAIN, "title": "直接改", "rev": entry.rev}
    poster = {"entry": str(entry.id), "rev": str(entry.rev), "poster.title": "改"}

    assert writer.post(f"/entries/{entry.id}", changed).status_code == 403
    assert writer.post("/posters/quote/use", poster).status_code == 403
    assert entry_of(runtime, entry.id).title == entry.title
    assert approver.post(f"/entries/{entry.id}", changed).status_code == 303
    assert entry_of(runtime, entry.id).status is EntryStatus.APPROVED


def _upload(person: Person, text: str, **choices: str) -> int:
    file = (io.BytesIO(text.encode()), "week.yaml")
    return person.post("/calendar-files/upload", {"file": file, **choices}).status_code


def _exported(runtime: Runtime) -> str:
    with runtime.database.read() as session:
        return export_text(session, "baby-benefits", IsoWeek.parse(WEEK))


def test_a_writer_imports_drafts_only(people: dict[str, Person], runtime: Runtime) -> None:
    """A file with new drafts is imported; approving, overwriting and settings are the managers'."""
    draft = make(people["writer"], runtime)
    text = _exported(runtime)
    new = text.replace(draft.key, "fresh").replace(draft.title, "从文件来")
    approved = new.replace("从文件来", "从文件来二").replace("fresh", "fresher")
    approved = approved.replace("key: fresher", "key: fresher\n    status: approved")
    before = count(runtime, Entry)

    assert _upload(people["writer"], new, approve="yes") == 403
    assert _upload(people["writer"], new, overwrite="yes") == 403
    assert _upload(people["writer"], new.replace("name: ", "name: 改", 1)) == 403
    assert "status: approved" in approved
    assert _upload(people["writer"], approved) == 403
    assert _upload(people["viewer"], new) == 403
    assert _upload(people["stranger"], new) == 404
    assert count(runtime, Entry) == before

    assert _upload(people["writer"], new) in {200, 303}
    with runtime.database.read() as session:
        entry = session.scalars(select(Entry).where(Entry.key == "fresh")).one()
    assert entry.status is EntryStatus.DRAFT
    assert _upload(people["manager"], approved) in {200, 303}


def test_a_file_cannot_cancel_what_is_approved_for_a_writer(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """An import that would take something approved away is rolled back."""
    entry = make(people["writer"], runtime)
    text = _exported(runtime)
    assert _upload(people["writer"], text) in {200, 303}
    entry = _approve(runtime, entry.id)
    cancelled = text.replace(f"key: {entry.key}", f"key: {entry.key}\n    status: cancelled")
    moved = text.replace("day: sat", "day: sun")

    for attack in (cancelled, moved):
        assert attack != text
        assert _upload(people["writer"], attack) == 403
        after = entry_of(runtime, entry.id)
        assert (after.status, after.approval_hash) == (EntryStatus.APPROVED, entry.approval_hash)
    assert _upload(people["manager"], cancelled) in {200, 303}
    assert entry_of(runtime, entry.id).status is EntryStatus.CANCELLED


def test_managers_create_calendars(people: dict[str, Person], runtime: Runtime) -> None:
    """By form and by file a manager creates a calendar, and becomes its manager; others cannot."""
    form = {**FORM, "slug": "new-one"}
    file = _exported(runtime).replace("calendar: baby-benefits", "calendar: by-file")

    for who in ("viewer", "writer", "approver"):
        assert people[who].get("/new-calendar").status_code == 403
        assert people[who].post("/new-calendar", form).status_code == 403
        assert _upload(people[who], file) == 403
    assert count(runtime, Calendar) == 2

    assert people["manager"].post("/new-calendar", form).status_code == 303
    assert _upload(people["manager"], file) in {200, 303}
    with runtime.database.read() as session:
        query = select(Membership.role).join(User).where(User.name == "manager")
        for slug in ("new-one", "by-file"):
            calendar = get_calendar(session, slug)
            roles = session.scalars(query.where(Membership.calendar_id == calendar.id)).all()
            assert roles == [Role.MANAGER]
    assert people["manager"].get("/calendars/by-file/members/").status_code == 200


def test_the_studio_reaches_no_other_calendar(people: dict[str, Person], runtime: Runtime) -> None:
    """A poster is stored in no calendar and no entry of others, and shows none of their entries."""
    entry = make(people["writer"], runtime)
    stranger, before = people["stranger"], count(runtime, Entry)
    form = {"poster.title": "早", "week": WEEK, "day": "sun", "title": "海报", "kind": "poster"}
    place = {"place": "baby-benefits|晚间", **form}
    own_entry = {"entry": str(entry.id), "rev": str(entry.rev), **form}

    assert stranger.post("/posters/quote/entry", place).status_code == 404
    assert stranger.post("/posters/quote/use", own_entry).status_code == 404
    assert stranger.get(f"/posters/quote?entry={entry.id}").status_code == 404
    assert people["viewer"].post("/posters/quote/entry", place).status_code == 403
    assert count(runtime, Entry) == before
    assert entry_of(runtime, entry.id).rev == entry.rev
    assert "baby-benefits" not in stranger.text("/posters/quote")


def test_no_post_of_another_calendar_is_retracted(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """The correction form retracts only posts of its own calendar, whatever its address says."""
    with runtime.database.read() as session:
        delivery = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert delivery is not None
    form = {**PLAIN, "slot": "夜聊"}
    address = f"/calendars/camping/entries/new?week={WEEK}"
    mine = people["stranger"].post(address, form).location.split("/")[2]

    response = people["stranger"].post(f"/entries/{mine}/correction/retract/{delivery.id}")

    assert response.status_code == 404


def test_lists_show_one_s_calendars(people: dict[str, Person], runtime: Runtime) -> None:
    """Front page, calendars, board menu, deliveries and their counter leave out other calendars."""
    with runtime.database.write() as session:
        delivery = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert delivery is not None
        delivery.status = DeliveryStatus.UNKNOWN
        title = session.get_one(Entry, delivery.entry_id).title
    stranger, viewer = people["stranger"], people["viewer"]

    assert stranger.get("/").location == "/calendars/camping"
    for page in ("/calendars/", "/deliveries/", "/calendars/camping"):
        text = stranger.text(page)
        assert "母婴" not in text
        assert title not in text
        assert '<span class="count">' not in text
    assert title in viewer.text("/deliveries/")
    assert '<span class="count">1<' in viewer.text("/deliveries/")
    assert "露营" not in viewer.text("/deliveries/") + viewer.text("/calendars/")
    assert "broken.yaml" not in people["manager"].text("/calendars/")
    assert "broken.yaml" in people["admin"].text("/calendars/")


def test_a_person_without_a_role_is_told_whom_to_ask(wang: Person, sample: str) -> None:
    """The front page leads to a list without calendars, which says who gives roles."""
    page = wang.client.get("/", follow_redirects=True).get_data(as_text=True)

    assert "你还没有任何周历的角色" in page
    assert "导入" not in page


@pytest.mark.parametrize(
    ("who", "shown", "hidden"),
    [
        ("viewer", (), ("/approve", "/move", "/delete", "/duplicate", "entries/new", "/edit")),
        ("writer", ("/move", "/duplicate", "/delete", "entries/new"), ("/approve", "/edit")),
        ("approver", ("/approve", "/move", "entries/new"), ("/edit", "/export")),
        ("manager", ("/approve", "/move", "/delete", "/edit", "/members", "/export"), ("/system",)),
    ],
)
def test_the_board_offers_what_the_role_allows(
    people: dict[str, Person],
    runtime: Runtime,
    who: str,
    shown: tuple[str, ...],
    hidden: tuple[str, ...],
) -> None:
    """Buttons and links that a person may not use are not on the board."""
    make(people["writer"], runtime)

    page = people[who].text(f"/calendars/baby-benefits?week={WEEK}")
    entry = page[page.index("<main") : page.index("</main>")]

    assert [link for link in shown if link not in entry] == []
    assert [link for link in hidden if link in entry] == []


def test_a_role_that_was_taken_away_counts_at_once(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """The next request of a removed member finds no calendar."""
    viewer = people["viewer"]
    assert viewer.get("/calendars/baby-benefits").status_code == 200
    with runtime.database.read() as session:
        user = session.scalars(select(User).where(User.name == "viewer")).one()

    removed = people["manager"].post(f"/calendars/baby-benefits/members/{user.id}/remove")

    assert removed.status_code == 303
    assert viewer.get("/calendars/baby-benefits").status_code == 404


def test_managers_give_roles(people: dict[str, Person], runtime: Runtime) -> None:
    """A manager adds a person, changes the role and removes the person; an odd role is refused."""
    manager, page = people["manager"], "/calendars/baby-benefits/members/"
    stranger = people["stranger"]

    assert manager.post(page, {"name": "stranger", "role": "viewer"}).status_code == 303
    assert stranger.get("/calendars/baby-benefits").status_code == 200
    assert stranger.post("/calendars/baby-benefits/approve", {"week": WEEK}).status_code == 403
    assert manager.post(page, {"name": "stranger", "role": "approver"}).status_code == 303
    assert stranger.post("/calendars/baby-benefits/approve", {"week": WEEK}).status_code == 303
    assert manager.post(page, {"name": "stranger", "role": "owner"}).status_code == 422
    assert manager.post(page, {"name": "nobody", "role": "viewer"}).status_code == 422
    assert "stranger" in manager.text(page)
    assert stranger.post(page, {"name": "stranger", "role": "manager"}).status_code == 403


def test_a_card_that_must_not_be_moved_is_locked(
    people: dict[str, Person], runtime: Runtime
) -> None:
    """On the board a writer picks up drafts, but no approved entry; an approver picks up both."""
    draft = make(people["writer"], runtime)
    approved = _approve(runtime, make(people["writer"], runtime, day="sun").id)

    def is_locked(who: str, entry: Entry) -> bool:
        page = people[who].text(f"/calendars/baby-benefits?week={WEEK}")
        start = page.index(f'id="entry-{entry.id}"')
        return "data-locked" in page[start : page.index(">", start)]

    assert [is_locked("viewer", entry) for entry in (draft, approved)] == [True, True]
    assert [is_locked("writer", entry) for entry in (draft, approved)] == [False, True]
    assert [is_locked("approver", entry) for entry in (draft, approved)] == [False, False]
