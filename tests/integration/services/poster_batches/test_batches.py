"""Poster batches on real databases: made in slices, by one worker at a time, each row once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from contentsvc.config import shipped
from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.posters import Line, load_template
from contentsvc.services.housekeeping import tidy
from contentsvc.services.poster_batches import making, running
from contentsvc.services.poster_batches.batches import (
    BatchOptions,
    batch_folder,
    create_batch,
    get_batch,
    map_columns,
    progress_of,
    rows_of,
)
from contentsvc.services.poster_batches.making import BatchMaker
from contentsvc.services.poster_batches.painting import paint_row
from contentsvc.services.poster_batches.results import (
    failed_table,
    members_of,
    report_csv,
)
from contentsvc.services.poster_batches.row_edits import apply_corrected_table, apply_row_edits
from contentsvc.services.poster_batches.running import (
    LEASE,
    enqueue_batch,
    resume_batches,
    retry,
    run,
    stop,
)
from contentsvc.services.runtime import Runtime
from contentsvc.storage import stream_archive
from tests.factories import Clock, MemoryQueue

INVITE = load_template("invite", [shipped("assets") / "posters"])
HEAD = ("主标题", "昵称", "邀请码", "链接")


def member(number: int, **changes: str) -> tuple[str, ...]:
    """Return the row of one member."""
    row = {"title": "一起来", "name": f"会员{number}", "code": f"A{number}"}
    return tuple({**row, "url": f"https://e.com/i/{number}", **changes}.values())


def members(count: int) -> list[tuple[str, ...]]:
    return [member(number) for number in range(1, count + 1)]


class Batches:
    """Creates, starts and makes batches, and reads their rows."""

    def __init__(self, runtime: Runtime) -> None:
        assert isinstance(runtime.queue, MemoryQueue)
        assert isinstance(runtime.clock, Clock)
        self.runtime, self.queue, self.clock = runtime, runtime.queue, runtime.clock
        self.maker = BatchMaker(runtime)

    @contextmanager
    def changing(self, batch_id: int) -> Iterator[tuple[Any, PosterBatch]]:
        with self.runtime.database.write() as session:
            yield session, get_batch(session, batch_id, to_change=True)

    def create(
        self, *rows: tuple[str, ...], by: str = "mei", sizes: tuple[str, ...] = ("1x1",)
    ) -> int:
        lines = [Line(number, row) for number, row in enumerate((HEAD, *rows), 1)]
        new = BatchOptions("会员.csv", INVITE, sizes, "jpeg")
        with self.runtime.database.write() as session:
            return create_batch(session, new, lines, by=by, now=self.clock()).id

    def start(self, batch_id: int) -> int:
        with self.changing(batch_id) as (session, batch):
            fence = run(session, batch, self.clock())
        enqueue_batch(self.runtime, batch_id, fence)
        return fence

    def work(self) -> None:
        """Make every enqueued batch to its end."""
        while self.queue.batches:
            self.maker.make(*self.queue.batches.pop(0))

    def get(self, batch_id: int) -> PosterBatch:
        with self.runtime.database.read() as session:
            return get_batch(session, batch_id)

    def rows(self, batch_id: int) -> list[PosterRow]:
        with self.runtime.database.read() as session:
            return rows_of(session, get_batch(session, batch_id))

    def statuses(self, batch_id: int) -> str:
        """Return the first letters of the rows' statuses."""
        return "".join(row.status.value[0] for row in self.rows(batch_id))

    def zip(self, batch_id: int) -> bytes:
        with self.runtime.database.read() as session:
            batch = get_batch(session, batch_id)
            report = report_csv(session, batch, INVITE, "en")
            members = members_of(self.runtime.config, session, batch, report)
        return b"".join(stream_archive(members))


@pytest.fixture
def batches(runtime: Runtime) -> Batches:
    """Return the batches of a new database."""
    return Batches(runtime)


def _links(archive: bytes) -> dict[str, str]:
    """Return the text of each poster's QR code by file name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {
            name: zxingcpp.read_barcodes(Image.open(io.BytesIO(opened.read(name))))[0].text
            for name in opened.namelist()
            if name.endswith(".jpg")
        }


def test_each_row_becomes_a_poster_of_its_own(batches: Batches) -> None:
    """File names, QR codes and report agree; a failed row does not stop the others."""
    rows = [member(1), member(2, url="nowhere"), member(3, title=""), member(4, name="会员1")]
    batch_id = batches.create(*rows)
    batches.start(batch_id)

    batches.work()

    assert batches.get(batch_id).status is BatchStatus.DONE
    assert batches.statuses(batch_id) == "mffm"
    archive = batches.zip(batch_id)
    assert _links(archive) == {"A1.jpg": "https://e.com/i/1", "A4.jpg": "https://e.com/i/4"}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.read("report.csv").decode("utf-8-sig").splitlines() == [
            "Row,File,Invite code,QR code's text,State,Remarks",
            "2,A1.jpg,A1,https://e.com/i/1,Made,",
            "3,,A2,nowhere,Failed,Sharer's link: “nowhere” is not a link that a phone can open",
            "4,,A3,https://e.com/i/3,Failed,Title: is missing",
            "5,A4.jpg,A4,https://e.com/i/4,Made,",
        ]


def test_several_sizes_are_folders(batches: Batches) -> None:
    """A row is made in every size, under the same name in a folder per size."""
    batch_id = batches.create(member(1), sizes=("1x1", "3x4"))
    batches.start(batch_id)
    batches.work()

    links = _links(batches.zip(batch_id))
    assert set(links) == {"1x1/会员1.jpg", "3x4/会员1.jpg"}
    assert set(links.values()) == {"https://e.com/i/1"}


def test_the_same_table_gives_the_same_bytes(batches: Batches) -> None:
    """Batches of equal rows make equal ZIPs, even if one was made in several slices."""
    first, second = batches.create(*members(3)), batches.create(*members(3))
    batches.start(first)
    batches.work()
    batches.start(second)
    batches.queue.rendered.append(1)
    batches.work()

    assert batches.zip(first) == batches.zip(second)


def test_a_waiting_delivery_comes_first(batches: Batches) -> None:
    """While deliveries wait to be rendered, a worker makes one row and enqueues the batch again."""
    batch_id = batches.create(*members(3))
    batches.start(batch_id)
    batches.queue.rendered.append(7)

    batches.maker.make(*batches.queue.batches.pop())

    assert batches.statuses(batch_id) == "mww"
    assert batches.queue.batches == [(batch_id, 2)]


def test_a_slice_is_bounded(batches: Batches) -> None:
    """After a few seconds the rest of a batch goes to the end of the queue."""
    ticks = iter(range(0, 1000, 6))
    batch_id = batches.create(*members(5))
    batches.start(batch_id)

    BatchMaker(batches.runtime, lambda: next(ticks)).make(*batches.queue.batches.pop())

    assert 0 < batches.statuses(batch_id).count("m") < 5
    assert len(batches.queue.batches) == 1


def test_a_dead_worker_is_replaced_and_no_row_is_made_twice(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that a dead worker has committed stay; the others are made after its lease expires."""
    batch_id = batches.create(*members(4))
    batches.start(batch_id)
    monkeypatch.setattr(making, "_COMMIT_ROWS", 2)
    painted: list[str] = []
    paint = paint_row

    def deadly(setups: Any, fields: Any) -> Any:
        painted.append(fields["sharer"])
        if len(painted) == 4:
            raise KeyboardInterrupt
        return paint(setups, fields)

    monkeypatch.setattr(making, "paint_row", deadly)
    with pytest.raises(KeyboardInterrupt):
        batches.maker.make(*batches.queue.batches.pop())

    resume_batches(batches.runtime, batches.clock())
    assert batches.queue.batches == []
    batches.clock.turn(seconds=LEASE.total_seconds() + 1)
    resume_batches(batches.runtime, batches.clock())
    batches.work()

    assert batches.get(batch_id).status is BatchStatus.DONE
    # The third was painted but not noted when its worker died.
    assert painted == ["会员1", "会员2", "会员3", "会员4", "会员3", "会员4"]
    assert len(_links(batches.zip(batch_id))) == 4


def test_a_row_that_kills_its_workers_fails(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the third death of a worker at a row that row fails, and the rows after it are made."""
    batch_id = batches.create(*members(3))
    batches.start(batch_id)
    paint = paint_row

    def deadly(setups: Any, fields: Any) -> Any:
        if fields["sharer"] == "会员2":
            raise KeyboardInterrupt
        return paint(setups, fields)

    monkeypatch.setattr(making, "paint_row", deadly)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            batches.work()
        batches.clock.turn(minutes=1)
        resume_batches(batches.runtime, batches.clock())
        if batches.statuses(batch_id)[1] == "f":
            break
    batches.work()

    assert batches.statuses(batch_id) == "mfm"
    assert batches.rows(batch_id)[1].remarks[0]["code"] == "deadly"


def test_a_paused_worker_changes_nothing(batches: Batches) -> None:
    """A worker with an outdated fence changes nothing."""
    batch_id = batches.create(*members(2))
    old = batches.start(batch_id)
    batches.clock.turn(minutes=1)
    resume_batches(batches.runtime, batches.clock())

    batches.maker.make(batch_id, old)

    assert batches.statuses(batch_id) == "ww"
    assert batches.queue.batches[-1] == (batch_id, old + 1)


def test_a_batch_waits_out_the_queue(batches: Batches) -> None:
    """A batch starts while the queue is down, and is enqueued when the queue is back."""
    batch_id = batches.create(*members(1))
    batches.queue.is_down = True
    batches.start(batch_id)
    batches.queue.is_down = False

    batches.clock.turn(minutes=1)
    resume_batches(batches.runtime, batches.clock())
    batches.work()

    assert batches.get(batch_id).status is BatchStatus.DONE


def test_a_batch_is_stopped_and_goes_on(batches: Batches) -> None:
    """After a stop, committed rows stay; a new start makes the rest."""
    batch_id = batches.create(*members(3))
    batches.start(batch_id)
    batches.queue.rendered.append(1)
    batches.maker.make(*batches.queue.batches.pop(0))
    with batches.changing(batch_id) as (_, batch):
        stop(batch, batches.clock())

    batches.work()
    assert batches.statuses(batch_id) == "mww"
    batches.queue.rendered.clear()
    batches.start(batch_id)
    batches.work()

    assert batches.get(batch_id).status is BatchStatus.DONE
    assert batches.statuses(batch_id) == "mmm"


def test_a_batch_whose_template_goes_away_stops_with_the_reason(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing template stops the batch without failing a row; the batch can go on later."""
    batch_id = batches.create(*members(2))
    batches.start(batch_id)
    with batches.changing(batch_id) as (_, batch):
        batch.template = "gone"

    batches.work()

    batch = batches.get(batch_id)
    assert (batch.status, batches.statuses(batch_id)) == (BatchStatus.STOPPED, "ww")
    assert "no poster template 'gone'" in str(batch.error)


def test_a_full_disk_stops_a_batch(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk stops the batch with the reason; it can go on when there is space."""
    batch_id = batches.create(*members(2))
    batches.start(batch_id)

    def full(_files: object, _data: bytes) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("contentsvc.storage.FileStorage.put", full)
        batches.work()
    stopped = batches.get(batch_id)
    batches.start(batch_id)
    batches.work()

    assert stopped.status is BatchStatus.STOPPED
    assert "No space left" in str(stopped.error)
    assert batches.statuses(batch_id) == "mm"


def test_two_batches_of_a_person_run_at_once(batches: Batches) -> None:
    """A person may run two batches at a time; another person's batch is not affected."""
    first, second, third = (batches.create(member(1)) for _ in range(3))
    others = batches.create(member(1), by="wang")
    batches.start(first)
    batches.start(second)

    with pytest.raises(ConflictError, match="2 batches of mei are already running"):
        batches.start(third)
    batches.start(others)
    batches.work()
    batches.start(third)


@pytest.mark.parametrize(
    ("rows", "sizes", "words"),
    [
        ([], ("1x1",), "no row below"),
        (members(1), (), "at least one of the sizes"),
        (members(1), ("poster",), "at least one of the sizes"),
        (members(5001), ("1x1",), "5001 rows; at most 5000"),
        (members(4000), ("1x1", "3x4", "9x16"), "12000 posters; at most 10000"),
    ],
)
def test_batches_beyond_the_limits_are_refused(
    batches: Batches, rows: list[tuple[str, ...]], sizes: tuple[str, ...], words: str
) -> None:
    """The error names the limit, and no batch is stored."""
    with pytest.raises(InputError, match=words):
        batches.create(*rows, sizes=sizes)

    with batches.runtime.database.read() as session:
        assert session.scalars(select(PosterBatch)).all() == []


def test_a_person_may_have_twenty_batches(batches: Batches) -> None:
    """The twenty-first batch is refused until one is deleted."""
    for _ in range(20):
        batches.create(member(1))

    with pytest.raises(InputError, match="delete one first"):
        batches.create(member(1))


def test_columns_of_a_started_batch_are_fixed(batches: Batches) -> None:
    """The columns of a started batch cannot be changed, and an unknown column is refused."""
    batch_id = batches.create(member(1))
    with (
        pytest.raises(InputError, match="no column 10"),
        batches.changing(batch_id) as (session, batch),
    ):
        map_columns(session, batch, INVITE, columns={"title": 9}, fixed={}, now=batches.clock())
    batches.start(batch_id)

    with (
        pytest.raises(ConflictError, match="already started"),
        batches.changing(batch_id) as (session, batch),
    ):
        map_columns(session, batch, INVITE, columns={}, fixed={}, now=batches.clock())


def _mended(batches: Batches, batch_id: int, *rows: tuple[str, ...]) -> int:
    with batches.changing(batch_id) as (session, batch):
        return apply_corrected_table(
            session, batch, [Line(number, row) for number, row in enumerate(rows, 1)]
        )


@pytest.fixture
def broken(batches: Batches) -> int:
    """Return a batch whose second and third rows failed."""
    batch_id = batches.create(member(1), member(2, url="nowhere"), member(3, title=""))
    batches.start(batch_id)
    batches.work()
    return batch_id


def test_only_corrected_rows_are_made_again(batches: Batches, broken: int) -> None:
    """Uploading the corrected table of failed rows completes the batch."""
    with batches.runtime.database.read() as session:
        batch = get_batch(session, broken)
        head, *failed = failed_table(session, batch, INVITE, "zh")
    assert [row[0] for row in failed] == [3, 4]
    assert [row[-1] for row in failed] == [
        "分享人链接：“nowhere”不是手机能打开的链接",
        "主标题：没有填",
    ]
    failed[0][4], failed[1][1] = "https://e.com/i/2", "补上"
    before = batches.rows(broken)[0].pictures

    count = _mended(batches, broken, *(tuple(map(str, row)) for row in (head, *failed)))
    batches.start(broken)
    batches.work()

    assert count == 2
    assert batches.statuses(broken) == "mmm"
    assert batches.rows(broken)[0].pictures == before
    assert sorted(_links(batches.zip(broken)).values()) == [
        f"https://e.com/i/{number}" for number in (1, 2, 3)
    ]


def test_the_whole_table_can_be_corrected(batches: Batches, broken: int) -> None:
    """In the whole table rows are identified by their line; only changed rows are made again."""
    assert _mended(batches, broken, HEAD, member(1), member(2), member(3, title="")) == 1
    assert batches.statuses(broken) == "mwf"


def test_single_cells_can_be_corrected(batches: Batches, broken: int) -> None:
    """A new text for a cell replaces the text that failed."""
    with batches.changing(broken) as (session, batch):
        assert (
            apply_row_edits(session, batch, {3: {"url": " https://e.com/i/2 "}, 4: {"title": ""}})
            == 1
        )
    batches.start(broken)
    batches.work()

    assert batches.statuses(broken) == "mmf"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("行号", "链接"), ("99", "https://e.com")], "no row 99"),
        ([("行号", "链接"), ("x", "https://e.com")], "'x' is not a row number"),
        ([("链接", "什么"), ("https://e.com", "1")], "no column 行号"),
        ([("行号", "链接"), ("3", "nowhere")], "no row was changed"),
    ],
)
def test_unusable_corrections_are_refused(
    batches: Batches, broken: int, rows: list[tuple[str, ...]], words: str
) -> None:
    """The error names the problem, and no row is changed."""
    with pytest.raises(InputError, match=words):
        _mended(batches, broken, *rows)

    assert batches.statuses(broken) == "mff"


def test_failed_rows_are_tried_again_as_they_stand(batches: Batches, broken: int) -> None:
    """A retry makes failed rows again, and no others."""
    with batches.changing(broken) as (session, batch):
        retry(session, batch)

    assert batches.statuses(broken) == "mww"


def test_a_running_batch_cannot_be_corrected(batches: Batches, broken: int) -> None:
    """A running batch refuses corrections."""
    with batches.changing(broken) as (session, batch):
        retry(session, batch)
    batches.start(broken)

    with pytest.raises(ConflictError, match="running"):
        _mended(batches, broken, HEAD, member(1))


def test_batches_expire_with_their_files(batches: Batches, broken: int) -> None:
    """Batches are deleted after a week, drafts after a day, and folders without a batch at once."""
    draft = batches.create(member(1))
    folder = batch_folder(batches.runtime.config, batches.get(broken).key)
    stray = folder.with_name("stray")
    stray.mkdir()
    assert list(folder.rglob("*"))

    tidy(batches.runtime, batches.clock.turn(days=1, minutes=1))
    with pytest.raises(NotFoundError):
        batches.get(draft)
    assert (folder.exists(), stray.exists()) == (True, False)
    tidy(batches.runtime, batches.clock.turn(days=7))

    with pytest.raises(NotFoundError):
        batches.get(broken)
    with batches.runtime.database.read() as session:
        assert session.scalars(select(PosterRow)).all() == []
    assert not folder.exists()


def test_pace_and_time_left_are_told(batches: Batches) -> None:
    """Pace and time left are computed from the rows settled since the last start."""
    batch_id = batches.create(*members(4))
    batches.start(batch_id)
    batches.queue.rendered.append(1)
    batches.maker.make(*batches.queue.batches.pop())
    now = batches.clock.turn(seconds=10)

    with batches.runtime.database.read() as session:
        progress = progress_of(session, get_batch(session, batch_id), now)

    assert (progress.total, progress.made, progress.settled) == (4, 1, 1)
    assert progress.pace == pytest.approx(6)
    assert progress.left == timedelta(seconds=30)


def test_a_cell_cannot_name_a_file_outside_the_assets(batches: Batches, tmp_path: Path) -> None:
    """A cell that names a file outside the assets counts as a missing picture."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (40, 40)).save(secret)
    lines = [Line(1, ("主标题", "链接", "主图")), Line(2, ("来", "https://e.com/1", str(secret)))]
    with batches.runtime.database.write() as session:
        new = BatchOptions("t.csv", INVITE, ("1x1",), "jpeg")
        batch_id = create_batch(session, new, lines, by="mei", now=batches.clock()).id
    batches.start(batch_id)
    batches.work()

    (row,) = batches.rows(batch_id)
    assert (row.status, row.remarks[0]["code"]) == (RowStatus.FAILED, "bad_picture")


def test_the_dispatcher_resumes_batches(batches: Batches) -> None:
    """The dispatcher finds a batch without a worker and enqueues it."""
    from contentsvc.services.delivery.dispatching import Dispatcher

    batch_id = batches.create(member(1))
    batches.start(batch_id)
    batches.queue.batches.clear()
    dispatcher = Dispatcher(batches.runtime, "test:1")

    dispatcher.turn(batches.clock())
    assert batches.queue.batches == []
    dispatcher.turn(batches.clock.turn(seconds=running.LEASE.total_seconds() + 6))

    assert batches.queue.batches == [(batch_id, 2)]
