"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from contentsvc.cli import cli
from contentsvc.config import SETTINGS

_ROOT = Path(__file__).resolve().parents[1]
_DOCS = sorted((_ROOT / "docs").glob("*.md"))


def _text(name: str) -> str:
    return (_ROOT / name).read_text(encoding="utf-8")


def _commands() -> list[str]:
    """Return every command with the words that lead to it, hidden ones left out."""
    found = []
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if command.hidden:
            continue
        inner = command.commands if isinstance(command, click.Group) else {}
        found += [f"{name} {sub}" for sub in inner] or [name]
    return found


def test_the_table_of_settings_is_the_code_s() -> None:
    """Every setting stands in docs/configuration.md with its default and help, in its order."""
    rows = re.findall(
        r"^\| `(CONTENTSVC_\w+)` \| (.*?) \| (.*) \|$", _text("docs/configuration.md"), re.MULTILINE
    )

    shown = [(s.name, f"`{s.default}`" if s.default else "", s.help) for s in SETTINGS]
    assert rows == shown


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_every_setting_named_anywhere_exists(file: Path) -> None:
    """No page names a setting that is not there."""
    named = set(re.findall(r"CONTENTSVC_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))

    assert named <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_every_command_named_anywhere_exists(file: Path) -> None:
    """No page tells to run a command that is not there."""
    text = file.read_text(encoding="utf-8")
    fenced = "\n".join(re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL))
    named = re.findall(r"`contentsvc ([a-z]+)(?: ([a-z]+))?", text)
    named += re.findall(r"(?:^|\$ |/| )contentsvc ([a-z]+)(?: ([a-z]+))?", fenced, re.MULTILINE)

    known = _commands()
    assert [pair for pair in named if not {pair[0], " ".join(pair)} & set(known)] == []


def test_every_command_is_in_the_reference() -> None:
    """docs/commands.md has a heading for each command."""
    headings = re.findall(r"^### `contentsvc ([^`]+)`$", _text("docs/commands.md"), re.MULTILINE)

    assert [re.split(r" [A-Z\[-]", heading)[0] for heading in headings] == _commands()


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    """A link within the repository leads to a file that is there."""
    # What stands in code is no link.
    text = re.sub(r"`[^`\n]*`", "", file.read_text(encoding="utf-8"))
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)

    assert [link for link in links if not (file.parent / link).exists()] == []


def test_the_readme_has_the_two_commands() -> None:
    """What a newcomer types is in the README and in the Makefile."""
    targets = re.findall(r"^([a-z]+):.*##", _text("Makefile"), re.MULTILINE)

    for command in ("up", "test"):
        assert f"$ make {command}" in _text("README.md")
        assert command in targets
