"""Tests of the command `contentsvc plugins`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import contentsvc
from contentsvc.channels.hosting import load_plugins
from contentsvc.cli.plugins import plugins
from contentsvc.config import shipped
from contentsvc.errors import ConflictError, InputError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(plugins, arguments)


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("CONTENTSVC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONTENTSVC_PLUGINS_DIR", str(tmp_path / "own"))


def test_plugins_are_listed_with_what_they_bring() -> None:
    """The list has each plugin's name, version, origin, hooks and channel types."""
    result = run("list")

    assert result.exit_code == 0
    assert "webhook 1.0\n" in result.output
    assert "channels  webhook" in result.output
    assert "hooks     register_channels" in result.output


def test_programs_read_the_list_as_json() -> None:
    """`--json` prints the list as JSON."""
    found = {plugin["name"]: plugin for plugin in json.loads(run("list", "--json").output)}

    assert found["site"]["channel_types"] == ["site"]
    assert found["site"]["error"] is None


def test_a_broken_plugin_is_listed_with_its_traceback(tmp_path: Path) -> None:
    """The list shows a broken plugin's traceback, and the exit code is not 0."""
    (tmp_path / "own" / "broken.py").write_text("raise RuntimeError('no luck')\n")

    result = run("list")

    assert result.exit_code == 1
    assert "error     RuntimeError: no luck" in result.output
    assert 'broken.py", line 1' in result.output


def test_a_new_plugin_works_at_once(tmp_path: Path) -> None:
    """A new plugin loads, and its own test passes."""
    folder = tmp_path / "mine"

    written = run("new", "my-notes", "--folder", str(folder))
    checked = run("check", str(folder / "my_notes.py"))

    assert written.exit_code == 0
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "my_notes.py",
        "test_my_notes.py",
    ]
    assert checked.exit_code == 0
    assert set(load_plugins([folder], entry_points=False).channel_types()) == {"my_notes"}


def test_a_new_plugin_goes_to_the_operators_folder(tmp_path: Path) -> None:
    """Without a folder argument, the plugin is written to the operator's plugins folder."""
    assert run("new", "notes").exit_code == 0
    assert (tmp_path / "own" / "notes.py").is_file()
    assert "notes" in run("list").output


def test_a_new_plugin_overwrites_nothing(tmp_path: Path) -> None:
    """A name that is taken is refused before any file is written."""
    (tmp_path / "test_notes.py").write_text("mine")

    result = run("new", "notes", "--folder", str(tmp_path))

    assert isinstance(result.exception, ConflictError)
    assert (tmp_path / "test_notes.py").read_text() == "mine"
    assert not (tmp_path / "notes.py").exists()


@pytest.mark.parametrize("name", ["Notes", "1st", "a b", "../x", "a--b", "-a", ""])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """A name that is no identifier is refused, because it names a file, a type and a class."""
    result = run("new", "--folder", str(tmp_path), "--", name)

    assert isinstance(result.exception, InputError)
    assert list(tmp_path.glob("*.py")) == []


def test_a_plugin_without_a_test_is_checked_without_publishing(tmp_path: Path) -> None:
    """A plugin without a test runs the RenderContract, and the command says so."""
    run("new", "notes", "--folder", str(tmp_path))
    (tmp_path / "test_notes.py").unlink()

    result = run("check", str(tmp_path / "notes.py"))

    assert result.exit_code == 0
    assert "publishing is not checked" in result.output


def copied(name: str, folder: Path) -> Path:
    """Copy a shipped plugin without its declaration, which names its test; return the copy."""
    source, copy = shipped("plugins") / name, folder / name
    if source.is_dir():
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("quality.toml"))
    else:
        shutil.copy(source, copy)
    return copy


def test_a_plugin_without_a_channel_is_loaded_and_no_more(tmp_path: Path) -> None:
    """A plugin without a channel type is only loaded, because it has no contract."""
    result = run("check", str(copied("advertising.py", tmp_path)))

    assert result.exit_code == 0
    assert "hooks     register_checks\n" in result.output
    assert "  channels" not in result.output
    assert "it loads" in result.output


def test_a_fault_fails_the_check(tmp_path: Path) -> None:
    """A plugin whose renditions differ between calls fails the check."""
    run("new", "notes", "--folder", str(tmp_path))
    path = tmp_path / "notes.py"
    source = path.read_text("utf-8").replace(
        "        default = super()", "        import random\n        default = super()"
    )
    path.write_text(source.replace("{default.text}", "{default.text}{random.random()}"), "utf-8")

    assert run("check", str(path)).exit_code == 1


@pytest.mark.parametrize(("settings", "words"), [("[]", "not a JSON object"), ("{", "not JSON: ")])
def test_settings_that_are_none_are_refused(tmp_path: Path, settings: str, words: str) -> None:
    """Invalid `--settings` are refused with an error about the option, not by pytest."""
    result = run("check", str(copied("webhook.py", tmp_path)), "--settings", settings)

    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)


def test_what_does_not_load_is_told(tmp_path: Path) -> None:
    """A plugin that cannot be imported is reported, and no test runs."""
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")

    result = run("check", str(tmp_path / "broken.py"))

    assert result.exit_code == 1
    assert "ModuleNotFoundError" in result.output


def test_a_new_plugin_needs_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder in the settings or the command, nothing is written anywhere."""
    monkeypatch.delenv("CONTENTSVC_PLUGINS_DIR")
    before = sorted(shipped("plugins").iterdir())

    result = run("new", "notes")

    assert isinstance(result.exception, InputError)
    assert "--folder" in str(result.exception)
    assert sorted(shipped("plugins").iterdir()) == before


@pytest.mark.parametrize("inside", [shipped("plugins"), Path(contentsvc.__file__).parent / "own"])
def test_a_new_plugin_is_never_written_into_the_installation(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the installation is refused, given in the command or in the settings."""
    monkeypatch.setenv("CONTENTSVC_PLUGINS_DIR", str(shipped("plugins")))

    results = [run("new", "notes", "--folder", str(inside)), run("new", "notes")]

    for result in results:
        assert isinstance(result.exception, InputError)
        assert "an update would delete" in str(result.exception)
    assert not (inside / "notes.py").exists()


def test_a_type_that_is_taken_is_told(tmp_path: Path) -> None:
    """The check loads the plugin beside the others, as the service does."""
    run("new", "notes", "--folder", str(tmp_path))
    path = tmp_path / "notes.py"
    path.write_text(path.read_text("utf-8").replace('type = "notes"', 'type = "webhook"'), "utf-8")

    result = run("check", str(path))

    assert result.exit_code == 1
    assert "already provides the channel type 'webhook'" in result.output


def test_an_earlier_copy_of_the_plugin_takes_nothing(tmp_path: Path) -> None:
    """A plugin can be checked while a copy of it is in the folder of the service."""
    run("new", "notes")
    run("new", "notes", "--folder", str(tmp_path / "new"))

    result = run("check", str(tmp_path / "new" / "notes.py"))

    assert result.exit_code == 0, result.output


FILES = """
from pathlib import Path
from contentsvc.channels import hookimpl

api_version = 1
HERE = Path(__file__).parent

@hookimpl
def register_poster_templates():
    return [HERE / "posters"]

@hookimpl
def register_calendar_templates():
    return [HERE / "week.yaml"]
"""


def test_faults_of_templates_are_told_with_their_lines(tmp_path: Path) -> None:
    """Poster templates and calendar files are read, and each fault is shown with its place."""
    (tmp_path / "posters").mkdir()
    (tmp_path / "posters" / "card.yaml").write_text("template: card\nnme: x\n", "utf-8")
    (tmp_path / "week.yaml").write_text("calendar: week\nentries: [", "utf-8")
    (tmp_path / "files.py").write_text(FILES, "utf-8")

    result = run("check", str(tmp_path / "files.py"))

    assert result.exit_code == 1
    wrong = [line for line in result.output.splitlines() if line.startswith("  wrong ")]
    assert any("card.yaml" in line and "nme" in line for line in wrong)
    assert any("week.yaml: line " in line and "not YAML" in line for line in wrong)


def test_sound_templates_pass(tmp_path: Path) -> None:
    """A shipped plugin with calendar files passes the check."""
    assert run("check", str(copied("festivals", tmp_path))).exit_code == 0


def test_a_new_plugin_is_bronze(tmp_path: Path) -> None:
    """The check prints the tier of the quality scale, and each rule that the next one needs."""
    run("new", "notes", "--folder", str(tmp_path))

    result = run("check", str(tmp_path / "notes.py"))

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    begin = lines.index("  quality   bronze")
    assert lines[begin + 1] == "  for silver:"
    missing = [line.split()[1] for line in lines[begin:] if line.startswith("    missing ")]
    assert missing == ["error-codes:", "sources:"]
    assert "(declared by the author)" in lines[begin + 2]
    assert lines[begin + 3].strip() == "notes.quality.toml has no answer to it"


def test_publishing_that_is_not_tested_is_below_bronze(tmp_path: Path) -> None:
    """Without its own test, a plugin has not shown that it publishes."""
    run("new", "notes", "--folder", str(tmp_path))
    (tmp_path / "test_notes.py").unlink()

    result = run("check", str(tmp_path / "notes.py"))

    assert "  quality   below bronze\n" in result.output
    assert "no test class with ChannelContract was run for the channel type notes" in result.output
    assert "render-contract" not in result.output


def test_every_rule_is_shown_on_request(tmp_path: Path) -> None:
    """`--rules` prints each rule with its state and the author's answer."""
    run("new", "notes", "--folder", str(tmp_path))
    declaration = '[rules]\nretract = { exempt = "Notes stay." }\n'
    (tmp_path / "notes.quality.toml").write_text(declaration, "utf-8")

    result = run("check", "--rules", str(tmp_path / "notes.py"))

    assert "    kept            loads: " in result.output
    assert "    exempt          retract: " in result.output
    assert "                      Notes stay.\n" in result.output
    assert "    not applicable  http-contract: " in result.output


def test_a_tier_that_is_not_reached_fails_the_check(tmp_path: Path) -> None:
    """A plugin that states a higher or lower tier than it reaches is told so."""
    run("new", "notes", "--folder", str(tmp_path))
    (tmp_path / "notes.quality.toml").write_text('tier = "gold"', "utf-8")

    result = run("check", str(tmp_path / "notes.py"))

    assert result.exit_code == 1
    assert "states the tier gold, but the plugin reaches bronze" in result.output


def test_a_malformed_declaration_fails_the_check(tmp_path: Path) -> None:
    """A fault of the declaration is shown with its message."""
    run("new", "notes", "--folder", str(tmp_path))
    (tmp_path / "notes.quality.toml").write_text("[rules]\nshiny = {}", "utf-8")

    result = run("check", str(tmp_path / "notes.py"))

    assert isinstance(result.exception, InputError)
    assert "there is no rule 'shiny'" in str(result.exception)


def test_the_test_file_may_be_elsewhere(tmp_path: Path) -> None:
    """The declaration can name the test file."""
    run("new", "notes", "--folder", str(tmp_path))
    (tmp_path / "tests").mkdir()
    test = (tmp_path / "test_notes.py").read_text("utf-8")
    moved = test.replace(
        'Path(__file__).with_name("notes.py")', f"Path({str(tmp_path / 'notes.py')!r})"
    )
    (tmp_path / "tests" / "test_mine.py").write_text(moved, "utf-8")
    (tmp_path / "test_notes.py").unlink()
    (tmp_path / "notes.quality.toml").write_text('test = "tests/test_mine.py"', "utf-8")

    result = run("check", str(tmp_path / "notes.py"))

    assert result.exit_code == 0, result.output
    assert "  quality   bronze\n" in result.output
