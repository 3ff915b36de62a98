"""The documentation agrees with the code."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from contentsvc.cli import cli
from contentsvc.config import SETTINGS

_ROOT = Path(__file__).resolve().parents[1]
_DOCS = [
    *sorted((_ROOT / "docs").rglob("*.md")),
    *(_ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")),
]

#: The setting that docs/how-to/add-a-setting.md adds as its example.
_EXAMPLES = {"CONTENTSVC_BOARD_WEEKS"}


def _text(name: str) -> str:
    return (_ROOT / name).read_text(encoding="utf-8")


def _commands() -> list[str]:
    """Return the full name of every command that is not hidden, such as `channels add`."""
    commands = []
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if command.hidden:
            continue
        inner = command.commands if isinstance(command, click.Group) else {}
        commands += [f"{name} {sub}" for sub in inner] or [name]
    return commands


def test_the_table_of_settings_is_the_code_s() -> None:
    """docs/configuration.md lists every setting with its default and help, in order."""
    rows = re.findall(
        r"^\| `(CONTENTSVC_\w+)` \| (.*?) \| (.*) \|$", _text("docs/configuration.md"), re.MULTILINE
    )

    shown = [(s.name, f"`{s.default}`" if s.default else "", s.help) for s in SETTINGS]
    assert rows == shown


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_every_setting_named_anywhere_exists(file: Path) -> None:
    """No page names a setting that does not exist."""
    named = set(re.findall(r"CONTENTSVC_[A-Z_]*[A-Z]", file.read_text(encoding="utf-8")))

    examples = _EXAMPLES if file.name == "add-a-setting.md" else set[str]()
    assert named - examples <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_every_command_named_anywhere_exists(file: Path) -> None:
    """No page names a command that does not exist."""
    text = file.read_text(encoding="utf-8")
    fenced = "\n".join(re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL))
    named = re.findall(r"`contentsvc ([a-z]+)(?: ([a-z-]+))?", text)
    named += re.findall(r"(?:^|\$ |/| )contentsvc ([a-z]+)(?: ([a-z-]+))?", fenced, re.MULTILINE)

    known = _commands()
    assert [pair for pair in named if not {pair[0], " ".join(pair)} & set(known)] == []


def test_every_command_is_in_the_reference() -> None:
    """docs/commands.md has a heading for each command."""
    headings = re.findall(r"^### `contentsvc ([^`]+)`$", _text("docs/commands.md"), re.MULTILINE)

    assert [re.split(r" [A-Z\[-]", heading)[0] for heading in headings] == _commands()


@pytest.mark.parametrize("file", [_ROOT / "README.md", *_DOCS], ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    """A link within the repository leads to an existing file."""
    # Code contains no links.
    text = re.sub(r"`[^`\n]*`", "", file.read_text(encoding="utf-8"))
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)

    assert [link for link in links if not (file.parent / link).exists()] == []


def test_the_readme_has_the_two_commands() -> None:
    """The README shows the two commands of the Makefile that a newcomer needs."""
    targets = re.findall(r"^([a-z]+):.*##", _text("Makefile"), re.MULTILINE)

    for command in ("up", "test"):
        assert f"$ make {command}" in _text("README.md")
        assert command in targets
