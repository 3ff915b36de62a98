"""Tests of reading a plugin's `quality.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentsvc.channels.quality import Tier, read_declaration
from contentsvc.channels.quality.declarations import Answer
from contentsvc.errors import InputError


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "acme.py"
    path.write_text("", "utf-8")
    return path


def declare(plugin: Path, text: str) -> None:
    plugin.with_suffix(".quality.toml").write_text(text, "utf-8")


def test_a_declaration_is_read(plugin: Path) -> None:
    """The tier, the test file and each answer are read."""
    (plugin.parent / "test_all.py").write_text("", "utf-8")
    declare(
        plugin,
        """
        tier = "gold"
        test = "test_all.py"
        [rules]
        documented = { done = "https://acme.example" }
        proven = { done = [2026-11-30, "test_all.py"] }
        retract = { exempt = "There is no call." }
        retry-safe = { exempt = "There is no key.", see = "https://acme.example/keys" }
        """,
    )

    found = read_declaration(plugin)

    assert found.tier is Tier.GOLD
    assert found.test == (plugin.parent / "test_all.py").resolve()
    assert found.answers == {
        "documented": Answer(evidence=("https://acme.example",)),
        "proven": Answer(evidence=("2026-11-30", "test_all.py")),
        "retract": Answer(exempt="There is no call."),
        "retry-safe": Answer("There is no key.", ("https://acme.example/keys",)),
    }


def test_a_package_has_its_declaration_inside(tmp_path: Path) -> None:
    """The declaration of a folder is its `quality.toml`."""
    package = tmp_path / "acme"
    package.mkdir()
    (package / "quality.toml").write_text('tier = "bronze"', "utf-8")

    assert read_declaration(package).tier is Tier.BRONZE


def test_a_plugin_without_a_declaration_declares_nothing(plugin: Path) -> None:
    """Without a file, there is neither a tier nor an answer."""
    found = read_declaration(plugin)

    assert (found.tier, found.test, found.answers) == (None, None, {})
    assert found.path.name == "acme.quality.toml"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tier = ", "quality-file-malformed"),
        ("level = 1", "quality-file-keys"),
        ("rules = 1", "quality-file-keys"),
        ('tier = "wood"', "quality-file-tier"),
        ("tier = 1", "quality-file-tier"),
        ('test = "test_gone.py"', "quality-file-test"),
        ('[rules]\ngood = { done = "https://a.example" }', "quality-file-rule"),
        ("[rules]\ndocumented = true", "quality-file-answer"),
        ("[rules]\ndocumented = {}", "quality-file-answer"),
        ("[rules]\ndocumented = { done = [] }", "quality-file-answer"),
        ('[rules]\nset-up = { done = "https://a.example", exempt = "x" }', "quality-file-answer"),
        ('[rules]\nset-up = { exempt = " " }', "quality-file-answer"),
        ("[rules]\nset-up = { exempt = true }", "quality-file-answer"),
        ('[rules]\ndocumented = { done = "docs.md" }', "quality-file-evidence"),
        ('[rules]\ndocumented = { done = "" }', "quality-file-evidence"),
        ('[rules]\ndocumented = { done = "http://a.example" }', "quality-file-evidence"),
        ("[rules]\ndocumented = { done = true }", "quality-file-evidence"),
        ('[rules]\nset-up = { exempt = "x", see = "gone.md" }', "quality-file-evidence"),
        ('[rules]\ntyped = { done = "https://a.example" }', "quality-file-checked"),
        ('[rules]\nloads = { exempt = "x" }', "quality-file-no-exemption"),
        ('[rules]\nproven = { exempt = "x" }', "quality-file-no-exemption"),
        ('[rules]\nretry-safe = { exempt = "x" }', "quality-file-page"),
        ('[rules]\nproven = { done = "https://a.example" }', "quality-file-date"),
        ('[rules]\nproven = { done = "2026-02-30" }', "quality-file-evidence"),
    ],
)
def test_a_malformed_declaration_is_refused(plugin: Path, text: str, code: str) -> None:
    """Each fault is told with its own message, which names the file."""
    declare(plugin, text)

    with pytest.raises(InputError) as raised:
        read_declaration(plugin)

    assert raised.value.message.code == code
    assert "acme.quality.toml" in str(raised.value)


def test_a_declaration_that_is_no_text_is_refused(plugin: Path) -> None:
    """A file in another encoding is malformed."""
    plugin.with_suffix(".quality.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(InputError, match="not readable TOML"):
        read_declaration(plugin)
