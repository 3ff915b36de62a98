"""Tests of the table of the plugin API against the code and the guide."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import contentsvc
from contentsvc.channels import Channel, Pages, Parts
from contentsvc.channels.api_members import API_MEMBERS, ApiMember
from contentsvc.channels.contract import HttpChannelContract

PACKAGE = Path(contentsvc.__file__).parent
MEMBERS = [member for members in API_MEMBERS.values() for member in members]
#: Names that other classes of the service have as well, so that a reader may mean those.
COMMON = {
    *("type", "label", "account", "limits", "rates", "quota"),
    *("finish", "publish", "find", "poll", "page", "split"),
}


def public(owner: type) -> set[str]:
    """Return the public members of a class of the API, without those that Channel has as well."""
    declared = {*inspect.get_annotations(owner), *vars(owner)}
    inherited = set() if owner is Channel else set(vars(Channel))
    return {name for name in declared - inherited if name[0] != "_"}


@pytest.mark.parametrize("owner", [Channel, Pages, Parts])
def test_every_public_member_is_in_the_table(owner: type) -> None:
    """The table has each public member of the class once, and no other name."""
    assert sorted(member.name for member in API_MEMBERS[owner]) == sorted(public(owner))


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_every_member_is_called_where_the_table_says(member: ApiMember) -> None:
    """Each file that the table names calls or reads the member, or asks whether it is defined."""
    use = re.compile(rf"\.{member.name}\b|supports\(\w+, \"{member.name}\"\)")

    unused = [name for name in member.called_in if not use.search((PACKAGE / name).read_text())]
    assert member.called_in
    assert unused == []
    assert member.called_by
    assert member.when


@pytest.mark.parametrize(
    "member", [one for one in MEMBERS if one.name not in COMMON], ids=lambda member: member.name
)
def test_nothing_else_calls_a_member(member: ApiMember) -> None:
    """No file of the service calls or reads the member unless the table names the file."""
    # Not in the name of an endpoint, such as "channels.identity".
    use = re.compile(rf"\.{member.name}\b(?! import|\")")
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(PACKAGE / "channels") and use.search(path.read_text("utf-8"))
    }

    assert users - set(member.called_in) == set()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_every_contract_test_exists(member: ApiMember) -> None:
    """Each test that the table names is one of the contract."""
    assert [test for test in member.tested_by if not hasattr(HttpChannelContract, test)] == []
