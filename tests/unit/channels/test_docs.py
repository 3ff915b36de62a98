"""Tests of docs/plugins.md against the code."""

from __future__ import annotations

import inspect
import re
import textwrap
from importlib.resources import files
from pathlib import Path
from string import Template

import pytest

import contentsvc.channels as api
from contentsvc.channels import Channel, Limits, Pages, RenderContext, hookspecs
from contentsvc.channels import contract as contracts
from contentsvc.channels import testing as doubles

GUIDE = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def signature(function: object) -> str:
    """Return a function's signature as the guide writes it: parameter names and the return type."""
    # A class method is shown with its first parameter.
    found = inspect.signature(getattr(function, "__func__", function))  # type: ignore[arg-type]
    bare = [one.replace(annotation=inspect.Parameter.empty) for one in found.parameters.values()]
    return str(found.replace(parameters=bare)).replace("'", "")


def hooks() -> list[str]:
    return [name for name, one in vars(hookspecs).items() if hasattr(one, "contentsvc_spec")]


def methods() -> list[str]:
    return [
        name
        for api in (Channel, Pages)
        for name, one in vars(api).items()
        if (inspect.isfunction(one) or isinstance(one, classmethod)) and name[0] != "_"
    ]


def attributes() -> list[str]:
    declared = [name for name in Channel.__annotations__ if name[0] != "_"]
    return [*declared, "Settings"]


@pytest.mark.parametrize("hook", hooks())
def test_every_hook_has_its_heading(hook: str) -> None:
    """Each hook has a heading with its signature."""
    assert f"### `{hook}{signature(getattr(hookspecs, hook))}`\n" in GUIDE


@pytest.mark.parametrize("method", methods())
def test_every_method_has_its_heading(method: str) -> None:
    """Each method of Channel has a heading with its signature."""
    assert (
        f"#### `{method}{signature(getattr(Pages, method, None) or getattr(Channel, method))}`\n"
        in GUIDE
    )


@pytest.mark.parametrize("attribute", attributes())
def test_every_class_attribute_is_in_the_table(attribute: str) -> None:
    """Each class attribute of Channel is in the table."""
    assert re.search(rf"^\| `{attribute}` \|", GUIDE, re.MULTILINE)


def test_no_heading_is_about_what_is_gone() -> None:
    """Each heading of a method names an existing method."""
    headings = re.findall(r"^#### `(\w+)\(", GUIDE, re.MULTILINE)

    assert sorted(headings) == sorted(methods())


@pytest.mark.parametrize("name", sorted(api.__all__))
def test_every_name_of_the_api_is_told(name: str) -> None:
    """The guide mentions every name that a plugin may import, including the errors."""
    assert re.search(rf"\b{name}\b", GUIDE)


@pytest.mark.parametrize("name", [*contracts.__all__, *doubles.__all__])
def test_every_part_of_testing_is_told(name: str) -> None:
    """The guide mentions every tool for tests."""
    internal = {"ReceivedRequest", "check_rendition", "dangers"}

    assert name in internal or re.search(rf"\b{name}\b", GUIDE)


@pytest.mark.parametrize("name", [*Limits.__annotations__, *RenderContext.__annotations__])
def test_every_limit_and_part_of_the_context_is_told(name: str) -> None:
    """The guide mentions every field of Limits and RenderContext."""
    assert name in {"make_poster", "make_card"} or re.search(rf"\b{name}\b", GUIDE)


def test_links_inside_the_guide_lead_somewhere() -> None:
    """Every link within the guide leads to a heading."""
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }

    assert set(re.findall(r"\(#([a-z0-9-]+)\)", GUIDE)) <= anchors


def test_every_example_is_python() -> None:
    """Every example compiles; the lines of a method are put into a function first."""
    for number, example in enumerate(EXAMPLES):
        is_part = re.search(r"^return ", example, re.MULTILINE)
        whole = "def publish():\n" + textwrap.indent(example, "    ") if is_part else example

        compile(whole, f"example {number}", "exec")


@pytest.mark.parametrize(("number", "source"), [(0, "plugin.txt"), (1, "test.txt")])
def test_the_first_plugin_is_what_the_command_writes(number: int, source: str) -> None:
    """The first example is the file that `plugins new notebook` writes."""
    words = {"module": "notebook", "type": "notebook", "class_name": "Notebook"}
    scaffold = (files("contentsvc.cli") / "scaffold" / source).read_text("utf-8")

    assert EXAMPLES[number] == Template(scaffold).substitute(words)
