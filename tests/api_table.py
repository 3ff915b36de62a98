"""Write the table of the plugin API into docs/plugins.md: `python -m tests.api_table`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contentsvc.channels.api_members import API_MEMBERS, ApiMember, Caller

__all__ = ["GUIDE", "block_between", "table", "with_block"]

GUIDE = Path(__file__).parents[1] / "docs" / "plugins.md"
_NAME = "api-table"


def table() -> str:
    """Return the table in Markdown: each member, its callers, when it is called, and its tests."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| member | called by | when | tested by |"
    yield "|---|---|---|---|"
    for owner, members in API_MEMBERS.items():
        for member in members:
            tests = ", ".join(f"`{test}`" for test in member.tested_by) or "–"
            name = f"`{owner.__name__}.{member.name}`"
            yield f"| {name} | {_callers(member)} | {member.when} | {tests} |"


def _callers(member: ApiMember) -> str:
    return "every process" if len(member.called_by) == len(Caller) else ", ".join(member.called_by)


def block_between(text: str, name: str) -> str:
    """Return the lines of *text* between the markers of the block *name*.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = _markers(name)
    return text[text.index(begin) + len(begin) : text.index(end)].strip("\n")


def with_block(text: str, name: str, block: str) -> str:
    """Return *text* with *block* between the markers of the block *name*.

    Raises:
        ValueError: a marker is missing.
    """
    begin, end = _markers(name)
    before, after = text[: text.index(begin)], text[text.index(end) :]
    return f"{before}{begin}\n{block}\n{after}"


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- begin {name}, made by python -m tests.api_table -->", f"<!-- end {name} -->"


if __name__ == "__main__":
    GUIDE.write_text(with_block(GUIDE.read_text("utf-8"), _NAME, table()), "utf-8")
