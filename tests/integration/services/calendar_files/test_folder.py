"""The calendars folder: states of its files, imports and exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, ConflictError, InputError, NotFoundError
from contentsvc.services.calendar_files.calendar_folder import (
    FileState,
    export_to_folder,
    import_from_folder,
    list_folder,
    read_from_folder,
)
from contentsvc.services.calendar_files.importing import ImportReport
from tests.integration.services.calendar_world import CHECK_IN, HEAD, LIVE, NOW, USEFULNESS, World

WEEK = IsoWeek(2026, 48)
TEXT = HEAD + CHECK_IN % ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one dated calendar, `mums.yaml`."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "mums.yaml").write_text(TEXT, encoding="utf-8")
    return folder


def take(world: World, folder: Path, name: str = "mums.yaml", **options: Any) -> ImportReport:
    """Import a file of the folder."""
    file = read_from_folder(folder, name)
    with world.write() as session:
        return import_from_folder(
            session, file, now=NOW, by="mei", usefulness=USEFULNESS, **options
        )


def give(world: World, folder: Path, **options: Any) -> str:
    """Export the week into the folder."""
    return export_to_folder(world.database, folder, "mums", WEEK, now=NOW, **options)


def states(world: World, folder: Path) -> dict[str, FileState]:
    """Return the state of each file."""
    with world.database.read() as session:
        return {file.name: file.state for file in list_folder(session, folder)}


def test_states_from_new_to_changed(world: World, folder: Path) -> None:
    """A file is new, imported after its import, and changed after an edit."""
    seen = [states(world, folder)]
    take(world, folder)
    seen.append(states(world, folder))
    (folder / "mums.yaml").write_text(TEXT + LIVE, encoding="utf-8")
    seen.append(states(world, folder))

    assert [state["mums.yaml"] for state in seen] == [
        FileState.NEW,
        FileState.IMPORTED,
        FileState.CHANGED,
    ]


def test_broken_file_shows_its_problems(world: World, folder: Path) -> None:
    """A file that cannot be read is listed with every problem and its line."""
    (folder / "bad.yaml").write_text(TEXT.replace("早安, kind", "清晨, kind"), encoding="utf-8")

    with world.database.read() as session:
        bad = list_folder(session, folder)[0]

    assert (bad.name, bad.state) == ("bad.yaml", FileState.BROKEN)
    assert [(problem.line, problem.field) for problem in bad.problems] == [(8, "entries[0].slot")]


def test_template_is_stamped_and_stays_a_template(world: World, folder: Path) -> None:
    """A file without a week stays a template after stamping, and shows the stamped week."""
    (folder / "t.yaml").write_text(TEXT.replace("week: 2026-W48\n", ""), encoding="utf-8")

    report = take(world, folder, "t.yaml", week=IsoWeek(2026, 50))

    with world.database.read() as session:
        file = list_folder(session, folder)[1]
    assert report.week == IsoWeek(2026, 50)
    assert (file.state, file.imported_week) == (FileState.TEMPLATE, "2026-W50")


def test_other_files_are_not_listed(world: World, folder: Path) -> None:
    """Hidden files, other file types and subfolders are not listed."""
    for name in (".hidden.yaml", "notes.txt", "mums.yaml.bak"):
        (folder / name).write_text("x", encoding="utf-8")

    assert list(states(world, folder)) == ["mums.yaml"]


def test_missing_folder_is_empty(world: World, tmp_path: Path) -> None:
    """A folder that does not exist has no files."""
    assert states(world, tmp_path / "none") == {}


def test_huge_file_is_broken(world: World, folder: Path) -> None:
    """A file larger than a megabyte is broken and is not read in full."""
    (folder / "huge.yaml").write_bytes(b"#" * 5_000_000)

    assert states(world, folder)["huge.yaml"] is FileState.BROKEN


@pytest.mark.parametrize("name", ["../mums.yaml", "/etc/passwd", "a/b.yaml", ".x.yaml", "mums", ""])
def test_names_are_confined(folder: Path, name: str) -> None:
    """A name that is not a plain calendar file name is refused."""
    with pytest.raises(InputError, match="not the name of a calendar file"):
        read_from_folder(folder, name)


def test_link_out_of_the_folder_is_refused(world: World, folder: Path, tmp_path: Path) -> None:
    """A link that leads out of the folder is neither read nor written through."""
    secret = tmp_path / "secret.yaml"
    secret.write_text(TEXT, encoding="utf-8")
    (folder / "link.yaml").symlink_to(secret)
    take(world, folder)

    assert states(world, folder)["link.yaml"] is FileState.BROKEN
    with pytest.raises(InputError, match="leads out of"):
        read_from_folder(folder, "link.yaml")
    with pytest.raises(InputError, match="leads out of"):
        give(world, folder, name="link.yaml", overwrite=True)
    assert secret.read_text(encoding="utf-8") == TEXT


def test_missing_file_is_named(folder: Path) -> None:
    """A missing file is named in the error."""
    with pytest.raises(NotFoundError, match=r"there is no file dads\.yaml"):
        read_from_folder(folder, "dads.yaml")


def test_broken_file_imports_nothing(world: World, folder: Path) -> None:
    """Importing a broken file raises its problems and stores nothing."""
    (folder / "mums.yaml").write_text(TEXT.replace("day: mon", "day: moon"), encoding="utf-8")

    with pytest.raises(CalendarError):
        take(world, folder)

    assert states(world, folder)["mums.yaml"] is FileState.BROKEN


def test_export_writes_back_to_the_file_it_came_from(world: World, folder: Path) -> None:
    """A week is exported to the file it was imported from, which then counts as imported."""
    take(world, folder)
    world.edit("check-in", title="新的签到")

    name = give(world, folder)

    assert name == "mums.yaml"
    assert "title: 新的签到" in (folder / name).read_text(encoding="utf-8")
    assert states(world, folder) == {"mums.yaml": FileState.IMPORTED}


def test_edit_after_an_export_is_no_clash(world: World, folder: Path) -> None:
    """A file that was exported and then edited is imported without a clash."""
    take(world, folder)
    world.edit("check-in", title="新的签到")
    give(world, folder)
    path = folder / "mums.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("新的", "更新的"), encoding="utf-8")

    report = take(world, folder)

    assert (report.changed, report.skipped) == (["check-in"], [])


def test_export_does_not_lose_edits_on_disk(world: World, folder: Path) -> None:
    """A file with changes that were never imported is replaced only with *overwrite*."""
    take(world, folder)
    (folder / "mums.yaml").write_text(TEXT + LIVE, encoding="utf-8")

    with pytest.raises(ConflictError, match="changes that were not imported"):
        give(world, folder)

    assert (folder / "mums.yaml").read_text(encoding="utf-8") == TEXT + LIVE
    assert give(world, folder, overwrite=True) == "mums.yaml"


def test_stamped_week_does_not_replace_its_template(world: World, folder: Path) -> None:
    """A week that was stamped from a template is exported to a file of its own."""
    (folder / "mums.yaml").write_text(TEXT.replace("week: 2026-W48\n", ""), encoding="utf-8")
    take(world, folder, week=WEEK)

    name = give(world, folder)

    assert name == "mums-2026-W48.yaml"
    assert states(world, folder) == {
        "mums-2026-W48.yaml": FileState.IMPORTED,
        "mums.yaml": FileState.TEMPLATE,
    }


def test_unwritable_folder(world: World, folder: Path, tmp_path: Path) -> None:
    """If the folder cannot be written, the error names the setting, and no draft is left."""
    take(world, folder)
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(InputError, match="CONTENTSVC_CALENDARS_DIR"):
        give(world, tmp_path / "file", name="a.yaml")

    assert sorted(path.name for path in folder.iterdir()) == ["mums.yaml"]
