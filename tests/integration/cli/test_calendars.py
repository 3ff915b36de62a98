"""`contentsvc calendars`: import, stamp, export and list; an error is one line and status 2."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contentsvc.cli import main
from contentsvc.db.models import ChannelRow
from contentsvc.db.session import Database
from contentsvc.domain.weeks import IsoWeek, Weekday

#: Far enough ahead that nothing in it is past.
WEEK = IsoWeek.of((datetime.now(UTC) + timedelta(weeks=8)).date())
TEXT = f"""\
calendar: mums
name: 母婴群
timezone: Asia/Shanghai
slots: {{早安: 08:30}}
channels: [site]
week: {WEEK}
entries:
  - {{key: check-in, day: mon, slot: 早安, kind: post, title: 签到, body: 早上好}}
"""


@dataclass(frozen=True)
class Shell:
    """Runs commands and captures their output."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, list[str], list[str]]:
        """Return the exit status, and the lines of standard output and standard error."""
        with pytest.raises(SystemExit) as caught:
            main(["calendars", *arguments])
        output = self.capsys.readouterr()
        status = caught.value.code
        assert isinstance(status, int)
        return status, output.out.splitlines(), output.err.splitlines()

    def write(self, name: str, text: str) -> str:
        """Write a file into the calendars folder and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture
def shell(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """Return a shell with the channel `site` in a new database, and an empty folder."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    settings = {
        "DATA_DIR": str(tmp_path / "var"),
        "DATABASE_URL": database_url.replace("+psycopg", ""),
        "CALENDARS_DIR": str(folder),
        "REDIS_URL": f"unix://{tmp_path}/none.sock",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"CONTENTSVC_{name}", value)
    database = Database(database_url)
    now = datetime.now(UTC)
    with database.write() as session:
        session.add(
            ChannelRow(name="site", type="site", settings={}, created_at=now, updated_at=now)
        )
    database.close()
    return Shell(folder, capsys)


def test_import_twice(shell: Shell) -> None:
    """An import prints what it changed; importing the same file again changes nothing."""
    path = shell.write("mums.yaml", TEXT)

    first = shell.run("import", path, "--approve")
    second = shell.run("import", path)

    assert first == (0, [f"mums {WEEK}: 1 created, 0 changed, 0 unchanged, 1 approved"], [])
    assert second == (0, [f"mums {WEEK}: 0 created, 0 changed, 1 unchanged, 0 approved"], [])


def test_broken_file_is_a_line_a_problem(shell: Shell) -> None:
    """Every problem of a file is one line on standard error, and the status is 2."""
    path = shell.write("bad.yaml", TEXT.replace("day: mon", "day: moon").replace("08:30", "8.30"))

    status, output, errors = shell.run("import", path)

    assert (status, output) == (2, [])
    assert errors == [
        f"error: {path}: line 4: slots.早安: '8.30' is not a time of day such as 08:30 or 20:00:15",
        (
            f"error: {path}: line 8: entries[0].day: 'moon' is not allowed; "
            "choose one of mon, tue, wed, thu, fri, sat, sun"
        ),
    ]


def test_missing_file(shell: Shell) -> None:
    """A missing file is named in the error."""
    status, _, errors = shell.run("import", "none.yaml")

    assert (status, errors) == (2, ["error: none.yaml cannot be read: No such file or directory"])


def test_unknown_channel(shell: Shell) -> None:
    """An unknown channel is named together with the existing channels."""
    path = shell.write("mums.yaml", TEXT.replace("[site]", "[moments]"))

    status, _, errors = shell.run("import", path)

    assert status == 2
    assert errors == [
        ("error: the file names channels that do not exist: moments (mums); the channels are: site")
    ]


def test_template_needs_a_week(shell: Shell) -> None:
    """A template is imported with --week; without it the error asks for the week."""
    path = shell.write("t.yaml", TEXT.replace(f"week: {WEEK}\n", ""))

    without = shell.run("import", path)
    given = shell.run("import", path, "--week", str(WEEK))

    assert without[0] == 2
    assert "give the week to stamp it on" in without[2][0]
    assert given[1] == [f"mums {WEEK}: 1 created, 0 changed, 0 unchanged, 0 approved"]


def test_dated_file_is_not_imported_to_another_week(shell: Shell) -> None:
    """The error for a dated file and another week points to `stamp`, which works."""
    path = shell.write("mums.yaml", TEXT)
    other = str(WEEK.plus(1))

    refused = shell.run("import", path, "--week", other)
    stamped = shell.run("stamp", path, "--week", other)

    assert refused[0] == 2
    assert f"is for {WEEK}; `contentsvc calendars stamp` brings it to {other}" in refused[2][0]
    assert stamped[1] == [f"mums {other}: 1 created, 0 changed, 0 unchanged, 0 approved"]


def test_stamp_a_template_that_came_along(shell: Shell) -> None:
    """A shipped template is found by name; `next` is the next week in the calendar's time zone."""
    now = datetime.now(UTC)

    status, output, _ = shell.run("stamp", "interest", "--week", "next")

    week = IsoWeek.of(now.astimezone(ZoneInfo("Asia/Shanghai")).date()).plus(1)
    assert status == 0
    assert output == [f"interest {week}: 16 created, 0 changed, 0 unchanged, 0 approved"]


def test_stamp_a_template_of_a_plugin(shell: Shell) -> None:
    """A plugin's template is found by the name in the list, with or without its ending."""
    listed = shell.run("list")[1]
    stamped = shell.run("stamp", "festivals/double-12", "--week", str(WEEK))
    again = shell.run("stamp", "festivals/double-12.yaml", "--week", str(WEEK))

    assert "template\tfestivals/double-12.yaml\t双12 返场群" in listed
    assert stamped[1] == [
        f"festival-double-12 {WEEK}: 13 created, 0 changed, 0 unchanged, 0 approved"
    ]
    assert "0 created" in again[1][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stamp", "none", "--week", "next"), "error: there is no template 'none'"),
        (("stamp", "interest", "--week", "soon"), "error: --week: 'soon' is not an ISO week such"),
        (("export", "none", "--week", "2026-W48"), "error: there is no calendar 'none'"),
        (("stamp", "interest"), "Missing option '--week'"),
    ],
)
def test_wrong_arguments(shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    """Wrong arguments produce an error on standard error and status 2."""
    status, output, errors = shell.run(*arguments)

    assert (status, output) == (2, [])
    assert any(words in line for line in errors)


def test_export_prints_the_file(shell: Shell) -> None:
    """The exported file can be imported again and changes nothing."""
    shell.run("import", shell.write("mums.yaml", TEXT))

    _, output, _ = shell.run("export", "mums", "--week", str(WEEK))

    again = shell.run("import", shell.write("again.yaml", "\n".join(output)))
    assert "    title: 签到" in output
    assert again[1] == [f"mums {WEEK}: 0 created, 0 changed, 1 unchanged, 0 approved"]


def test_arguments_are_taken_in_full_width(shell: Shell) -> None:
    """A week and a name are found as an input method types them."""
    shell.run("import", shell.write("mums.yaml", TEXT))
    wide = "".join(chr(ord(char) + 0xFEE0) for char in str(WEEK))

    status, output, _ = shell.run("export", "ｍｕｍｓ", "--week", wide)

    assert status == 0
    assert f"week: {WEEK}" in output


def test_export_saves_into_the_folder(shell: Shell) -> None:
    """With --save the week is written to its file; edits of the file are not overwritten."""
    path = shell.write("mums.yaml", TEXT)
    shell.run("import", path)

    saved = shell.run("export", "mums", "--week", str(WEEK), "--save")
    shell.write("mums.yaml", TEXT + "# a note\n")
    refused = shell.run("export", "mums", "--week", str(WEEK), "--save")
    forced = shell.run("export", "mums", "--week", str(WEEK), "--save", "--overwrite")

    assert saved == (0, [path], [])
    assert (refused[0], forced[0]) == (2, 0)
    assert "holds changes that were not imported" in refused[2][0]


def test_list_shows_calendars_and_files(shell: Shell) -> None:
    """The list contains every calendar, and every file with its state and problems."""
    shell.run("import", shell.write("mums.yaml", TEXT))
    shell.write("bad.yaml", "calendar: [\n")

    _, output, _ = shell.run("list")

    assert output[:2] == ["calendar\tmums\t母婴群", "file\tbad.yaml\tbroken\t"]
    assert output[2].startswith("  line 2: this is not YAML")
    assert output[3] == f"file\tmums.yaml\timported\t{WEEK}"
    assert all(line.startswith("template\t") for line in output[4:])


APPROVED = TEXT.replace("body: 早上好", "body: 早上好, status: approved")
EARLIER = APPROVED.replace("Asia/Shanghai", "Asia/Tokyo")


@pytest.mark.parametrize("given", [(), ("--approved", "keep"), ("--approved", "review")])
def test_a_new_zone_lists_the_approved_entries(shell: Shell, given: tuple[str, ...]) -> None:
    """The list has both times; without an answer nothing is imported."""
    assert shell.run("import", shell.write("mums.yaml", APPROVED))[0] == 0
    status, out, err = shell.run("import", shell.write("mums.yaml", EARLIER), *given)

    day = WEEK.day(Weekday.MON)
    assert out[:2] == [
        f"母婴群 {WEEK} check-in: 签到",
        f"  post from {day} 08:30 Asia/Shanghai to {day} 08:30 Asia/Tokyo",
    ]
    if not given:
        assert (status, out[2:]) == (2, [])
        assert "give --approved to decide whether they stay approved" in err[0]
    else:
        assert (status, err) == (0, [])
        # What the import itself approves is approved for the new zone.
        assert out[2].startswith(f"mums {WEEK}: 0 created")


def test_a_person_at_the_terminal_is_asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The typed answer is taken; another word is asked again."""
    assert shell.run("import", shell.write("mums.yaml", APPROVED))[0] == 0
    typed = io.StringIO("perhaps\nkeep\n")
    monkeypatch.setattr(typed, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", typed)
    status, out, _ = shell.run("import", shell.write("mums.yaml", EARLIER))

    assert status == 0
    assert any("Keep them approved" in line for line in out)


def test_a_blocked_approval_is_refused_with_its_line(shell: Shell) -> None:
    """Nothing of the file is imported."""
    blocked = APPROVED.replace("kind: post", "kind: poster, poster: {template: nowhere}")
    status, out, err = shell.run("import", shell.write("mums.yaml", blocked))

    assert (status, out) == (2, [])
    assert "mums.yaml: line 8: entries[0].status: it cannot be approved for site" in err[0]
