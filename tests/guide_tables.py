"""Write the tables of docs/plugins.md that come from the code: `python -m tests.guide_tables`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from contentsvc.channels.api_members import API_MEMBERS, ApiMember, Caller
from contentsvc.channels.quality import RULES

__all__ = ["GUIDE", "TABLES", "block_between", "with_block"]

GUIDE = Path(__file__).parents[1] / "docs" / "plugins.md"


def _api() -> Iterator[str]:
    yield "| member | called by | when | tested by |"
    yield "|---|---|---|---|"
    for owner, members in API_MEMBERS.items():
        for member in members:
            tests = ", ".join(f"`{test}`" for test in member.tested_by) or "–"
            name = f"`{owner.__name__}.{member.name}`"
            yield f"| {name} | {_callers(member)} | {member.when} | {tests} |"


def _callers(member: ApiMember) -> str:
    return "every process" if len(member.called_by) == len(Caller) else ", ".join(member.called_by)


def _rules() -> Iterator[str]:
    yield "| tier | rule | what it asks for | known by |"
    yield "|---|---|---|---|"
    for rule in RULES:
        by = "program" if rule.check else "author"
        yield f"| {rule.tier} | `{rule.name}` | {rule.sentence} | {by} |"


#: The lines of each table, by the name of its block.
TABLES: Mapping[str, Callable[[], Iterator[str]]] = {"api": _api, "quality rules": _rules}


def block_between(text: str, name: str, maker: str = "guide_tables") -> str:
    """Return the lines of *text* between the markers of the block *name*.

    *maker* is the module of `tests` that writes the block.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = _markers(name, maker)
    return text[text.index(begin) + len(begin) : text.index(end)].strip("\n")


def with_block(text: str, name: str, block: str, maker: str = "guide_tables") -> str:
    """Return *text* with *block* between the markers of the block *name*.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = _markers(name, maker)
    before, after = text[: text.index(begin)], text[text.index(end) :]
    return f"{before}{begin}\n{block}\n{after}"


def _markers(name: str, maker: str) -> tuple[str, str]:
    return f"<!-- {name}: made by python -m tests.{maker} -->", f"<!-- {name}: end -->"


def _write() -> None:
    text = GUIDE.read_text("utf-8")
    for name, lines in TABLES.items():
        text = with_block(text, name, "\n".join(lines()))
    GUIDE.write_text(text, "utf-8")


if __name__ == "__main__":
    _write()
