"""Tests of the registry: a broken plugin does not affect the others."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from contentsvc.channels import hookspecs, registry
from contentsvc.channels.hosting import PluginInfo, Registry, load_plugins
from contentsvc.channels.testing import load_plugin
from contentsvc.errors import PluginError

GOOD = """
from contentsvc.channels import Channel, Receipt, hookimpl

__version__ = "1.2"
api_version = 1

class Good(Channel):
    type = "{type}"
    label = {{"zh": "好", "en": "Good"}}

    def publish(self, rendition, *, key):
        return Receipt(id=key)

@hookimpl
def register_channels():
    return [Good]
"""


def good(type_: str = "good") -> str:
    return GOOD.format(type=type_)


def loaded(folder: Path, **sources: str) -> Registry:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    return load_plugins([folder], entry_points=False)


def only(found: Registry, name: str) -> PluginInfo:
    (info,) = [plugin for plugin in found.plugins if plugin.name == name]
    return info


def test_a_file_is_a_plugin(tmp_path: Path) -> None:
    """A Python file in the folder registers its channel type."""
    found = loaded(tmp_path, mine=good())

    assert found.plugins == (
        PluginInfo(
            name="mine",
            origin=str(tmp_path / "mine.py"),
            version="1.2",
            hooks=("register_channels",),
            channel_types=("good",),
            api_version=1,
        ),
    )
    assert found.channel_type("good").__name__ == "Good"


def test_a_folder_is_a_plugin_with_modules_of_its_own(tmp_path: Path) -> None:
    """A package may import its own modules."""
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "names.py").write_text("TYPE = 'big'\n")
    source = "from .names import TYPE\n" + good().replace('"good"', "TYPE")
    (tmp_path / "big" / "__init__.py").write_text(source, "utf-8")

    found = load_plugins([tmp_path], entry_points=False)

    assert set(found.channel_types()) == {"big"}


def test_the_plugins_of_this_repository_load() -> None:
    """The shipped plugins load without an error."""
    found = load_plugins([Path(__file__).parents[2] / "plugins"], entry_points=False)

    assert {"site", "folder", "webhook"} <= set(found.channel_types())
    assert [plugin.error for plugin in found.plugins if plugin.error] == []


def test_every_hook_has_a_user_in_this_repository() -> None:
    """Each hook is implemented by a shipped plugin."""
    found = load_plugins([Path(__file__).parents[2] / "plugins"], entry_points=False)

    specs = {name for name, one in vars(hookspecs).items() if hasattr(one, "contentsvc_spec")}

    assert specs == {hook for plugin in found.plugins for hook in plugin.hooks}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("def broken(:\n", "SyntaxError"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("x = 1", "it implements no hook"),
        (good().replace("api_version = 1", ""), "write api_version = 1 below its imports"),
        (good().replace("api_version = 1", "api_version = True"), "not True"),
        (good().replace("api_version = 1", "api_version = '1'"), "not '1'"),
        (good().replace("api_version = 1", "api_version = 0"), "not 0"),
        (good().replace("api_version = 1", "api_version = 1 + 1"), "for version 2 of the plugin"),
        ("from contentsvc.channels import Later\napi_version = 2", "for version 2 of the plugin"),
        ("from nowhere import Later\napi_version: int = 3", "for version 3 of the plugin"),
        ("from contentsvc.channels import Later\napi_version = 1", "ImportError"),
        (good().replace("@hookimpl", ""), "'register_channels' is not marked with @hookimpl"),
        (
            good().replace("register_channels", "register_chanels"),
            "'register_chanels' is not a hook",
        ),
        (good().replace("register_channels()", "register_channels(app)"), "{'app'} are declared"),
        (good().replace("[Good]", "Good"), "instead of a list"),
        (good().replace("[Good]", "[str]"), "is not a Channel class"),
        (good().replace("[Good]", "[Good, Good]"), "another plugin already provides"),
        (good().replace("[Good]", "[1 / 0]"), "ZeroDivisionError"),
        (good("Bad-Type"), "type 'Bad-Type' is not a word"),
        (good().replace('{"zh": "好", "en": "Good"}', '"Good"'), "label needs zh and en"),
        (good().replace("def publish", "def post"), "it does not define publish"),
        (good().replace("    def pub", "    kinds = ['post']\n    def pub"), "kinds is not"),
        (good().replace("    def pub", "    limits = 5\n    def pub"), "limits is not"),
        (good().replace("    def pub", "    rates = 5\n    def pub"), "rates is not"),
        (
            good().replace("    def pub", "    idempotent_for = 3600\n    def pub"),
            "idempotent_for is not",
        ),
        (good().replace("    def pub", "    poll_for = None\n    def pub"), "poll_for is not"),
        (good().replace("    def pub", "    refusals = {503}\n    def pub"), "refusals is not"),
        (
            good().replace("    def pub", "    refusals = frozenset({429})\n    def pub"),
            "refusals is not",
        ),
        (
            good().replace("    def pub", "    def page(self, request): ...\n    def pub"),
            "page is called only if the class inherits from Pages as well",
        ),
        (
            good().replace("    def pub", "    def split(self, rendition): ...\n    def pub"),
            "split is called only if the class inherits from Parts as well",
        ),
        (
            good()
            .replace("(Channel)", "(Parts, Channel)")
            .replace("Channel, ", "Channel, Parts, "),
            "it does not define publish_part, split",
        ),
        (
            good()
            .replace("Channel, ", "Channel, Pages, ")
            .replace("(Channel)", "(Pages, Channel)"),
            "it does not define page",
        ),
        (
            good().replace("    def pub", "    Settings = dict\n    def pub"),
            "Good: Settings cannot be",
        ),
        (
            good().replace("    def pub", "    rate = ()\n    def pub"),
            "there is no rate; write rates",
        ),
        (good().replace("    def publish", "    async def publish"), "publish is async"),
        (good().replace(", *, key", ""), "must be written as def publish(self, rendition, *, key)"),
        (good().replace("def register", "async def register"), "register_channels is async"),
        (good() + "def register_check(): pass\n", "register_check; write register_checks"),
    ],
)
def test_a_broken_plugin_is_named_and_the_others_load(
    tmp_path: Path, source: str, words: str
) -> None:
    """The registry has the error and the traceback of a broken plugin."""
    found = loaded(tmp_path, a_good=good("first"), broken=source, z_good=good("last"))

    broken = only(found, "broken")
    assert words in str(broken.error)
    assert "\n" not in str(broken.error)
    assert "Traceback" in str(broken.traceback)
    assert broken.channel_types == ()
    assert set(found.channel_types()) == {"first", "last"}


def test_an_error_of_a_plugin_is_shown_in_both_languages(tmp_path: Path) -> None:
    """The error of a broken plugin has a Chinese and an English text."""
    found = loaded(tmp_path, broken=good().replace("@hookimpl", ""))

    error = only(found, "broken").error
    assert error is not None
    assert error.text("en") == "'register_channels' is not marked with @hookimpl"
    assert error.text("zh") == "“register_channels”没有用 @hookimpl 标记"


CHECK = """
from contentsvc.channels import Check, hookimpl

api_version = 1

class Mine(Check):
    name = "mine"

    def check(self, entry, rendition, language):
        return []

@hookimpl
def register_checks():
    return [Mine()]
"""


def test_a_plugin_brings_checks(tmp_path: Path) -> None:
    """The checks are in the order of their plugins."""
    found = loaded(tmp_path, a=CHECK, b=CHECK.replace('"mine"', '"other"'))

    assert [check.name for check in found.checks()] == ["mine", "other"]
    assert only(found, "a").hooks == ("register_checks",)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (CHECK.replace("[Mine()]", "Mine()"), "instead of a list"),
        (CHECK.replace("[Mine()]", "[Mine]"), "is not an instance of a Check"),
        (CHECK.replace('"mine"', '"My check"'), "name 'My check' is not a word"),
        (CHECK.replace('name = "mine"', "pass"), "name None is not a word"),
        (CHECK.replace("[Mine()]", "[Mine(), Mine()]"), "already provides the check 'mine'"),
        (CHECK.replace("def check", "def chek"), "abstract"),
        (CHECK.replace("def check", "async def check"), "check is async"),
        (CHECK.replace(", language", ""), "def check(self, entry, rendition, language)"),
        (CHECK.replace("checks()", "checks(app)"), "{'app'} are declared"),
    ],
)
def test_a_faulty_check_is_named_and_the_others_stay(
    tmp_path: Path, source: str, words: str
) -> None:
    """A plugin with an invalid check contributes nothing; the other plugins load."""
    good_one = CHECK.replace('"mine"', '"good"')

    found = loaded(tmp_path, a_good=good_one, broken=source, z_good=good())

    assert words in str(only(found, "broken").error)
    assert [check.name for check in found.checks()] == ["good"]
    assert set(found.channel_types()) == {"good"}


LISTENER = """
from contentsvc.channels import hookimpl

api_version = 1

@hookimpl
def deliveries_finished(deliveries):
    deliveries.append(__name__)
"""


def test_plugins_listen_each_by_itself(tmp_path: Path) -> None:
    """A listener calls the hook of its own plugin only."""
    found = loaded(tmp_path, a=LISTENER, b=LISTENER, c=good())
    heard: list[Any] = []

    for listener in found.listeners():
        listener.call(heard)

    assert [listener.plugin for listener in found.listeners()] == ["a", "b"]
    assert [name.rpartition("_")[2] for name in heard] == ["a", "b"]


def test_a_listener_with_other_arguments_is_refused(tmp_path: Path) -> None:
    """A hook with wrong parameters is an error when the plugin is loaded."""
    found = loaded(tmp_path, broken=LISTENER.replace("(deliveries)", "(deliveries, app)"))

    assert "{'app'} are declared" in str(only(found, "broken").error)
    assert found.listeners() == ()


def test_a_listener_that_is_async_is_refused(tmp_path: Path) -> None:
    """A hook whose coroutine nobody would await is an error when the plugin is loaded."""
    found = loaded(tmp_path, broken=LISTENER.replace("def deliv", "async def deliv"))

    assert "deliveries_finished is async" in str(only(found, "broken").error)
    assert found.listeners() == ()


def test_functions_of_the_plugins_own_are_allowed(tmp_path: Path) -> None:
    """A private function, and one that was imported, may have a name like a hook's."""
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "parts.py").write_text("def register_check(): pass\n")
    source = "from .parts import register_check\ndef _register_check(): pass\n" + good()
    (tmp_path / "big" / "__init__.py").write_text(source, "utf-8")

    assert set(load_plugins([tmp_path], entry_points=False).channel_types()) == {"good"}


PATHS = """
from pathlib import Path
from contentsvc.channels import hookimpl

api_version = 1
HERE = Path(__file__).parent

@hookimpl
def {hook}():
    return {paths}
"""


def test_a_plugin_brings_calendar_templates(tmp_path: Path) -> None:
    """Calendar templates have their plugin's name and the plugin's order."""
    for name in ("b.yaml", "a.yml"):
        (tmp_path / name).touch()
    paths = "[HERE / 'b.yaml', HERE / 'a.yml']"

    found = loaded(tmp_path, mine=PATHS.format(hook="register_calendar_templates", paths=paths))

    assert [(one.plugin, one.path.name) for one in found.calendar_templates()] == [
        ("mine", "b.yaml"),
        ("mine", "a.yml"),
    ]


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ("HERE / 'a.yaml'", "instead of a list"),
        ("['a.yaml']", "is not a Path"),
        ("[HERE / 'missing.yaml']", "is not a calendar file"),
        ("[HERE / 'a.txt']", "is not a calendar file"),
        ("[HERE]", "is not a calendar file"),
        ("[HERE / 'a.yaml', HERE / 'a.yaml']", "several files of the same name"),
    ],
)
def test_what_is_no_calendar_template_is_told(tmp_path: Path, paths: str, words: str) -> None:
    """The error names the plugin and the value that is no calendar template."""
    for name in ("a.yaml", "a.txt"):
        (tmp_path / name).touch()

    found = loaded(tmp_path, broken=PATHS.format(hook="register_calendar_templates", paths=paths))

    assert words in str(only(found, "broken").error)
    assert found.calendar_templates() == ()


def test_plugins_bring_folders_of_poster_templates(tmp_path: Path) -> None:
    """The folders are in the order of their plugins."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    hook = "register_poster_templates"

    found = loaded(
        tmp_path,
        a=PATHS.format(hook=hook, paths="[HERE / 'two']"),
        b=PATHS.format(hook=hook, paths="[HERE / 'one']"),
    )

    assert found.poster_folders() == (tmp_path / "two", tmp_path / "one")


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ("HERE", "instead of a list"),
        ("['posters']", "is not a Path"),
        ("[HERE / 'missing']", "which is not a folder"),
        ("[Path(__file__)]", "which is not a folder"),
    ],
)
def test_what_is_no_folder_of_templates_is_told(tmp_path: Path, paths: str, words: str) -> None:
    """The error names the plugin and the value that is no folder."""
    found = loaded(tmp_path, broken=PATHS.format(hook="register_poster_templates", paths=paths))

    assert words in str(only(found, "broken").error)
    assert found.poster_folders() == ()


def test_the_first_of_two_keeps_a_type(tmp_path: Path) -> None:
    """A later plugin cannot replace the channel type of an earlier one."""
    found = loaded(tmp_path, a=good(), b=good())

    assert only(found, "a").error is None
    assert "another plugin already provides the channel type 'good'" in str(only(found, "b").error)
    assert "_a" in found.channel_type("good").__module__


def test_folders_come_in_the_order_given(tmp_path: Path) -> None:
    """Plugins are loaded in the order of the folders, the shipped ones first."""
    for name in ("z", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(good(), "utf-8")

    found = load_plugins([tmp_path / "z", tmp_path / "a"], entry_points=False)

    assert [plugin.error is None for plugin in found.plugins] == [True, False]


@pytest.mark.parametrize(
    "name", ["test_mine", "mine_test", "conftest", "_private", ".hidden", "__init__"]
)
def test_what_lies_beside_a_plugin_is_none(tmp_path: Path, name: str) -> None:
    """Tests and private files are not imported as plugins."""
    assert loaded(tmp_path, **{name: "raise RuntimeError"}).plugins == ()


def test_a_folder_that_is_not_there_has_no_plugins(tmp_path: Path) -> None:
    """A folder that does not exist has no plugins and raises no error."""
    assert load_plugins([tmp_path / "missing"], entry_points=False).plugins == ()


def test_a_plugin_shadows_no_library(tmp_path: Path) -> None:
    """A plugin called json.py does not replace Python's json."""
    import json

    found = loaded(tmp_path, json=good("json"))

    assert set(found.channel_types()) == {"json"}
    assert sys.modules["json"] is json


def test_what_failed_leaves_no_module_behind(tmp_path: Path) -> None:
    """A plugin that failed to load leaves nothing in sys.modules."""
    before = set(sys.modules)

    loaded(tmp_path, broken="raise RuntimeError")

    assert {name for name in set(sys.modules) - before if "plugin" in name} == set()


def test_an_unknown_type_is_told_with_the_known_ones(tmp_path: Path) -> None:
    """The error for an unknown channel type lists the known types."""
    found = loaded(tmp_path, b=good("b"), a=good("a"))

    with pytest.raises(PluginError, match="no channel type 'c'; those loaded are: a, b"):
        found.channel_type("c")


def test_an_installed_distribution_brings_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry point in the group `contentsvc` is a plugin with the distribution's version."""
    (tmp_path / "acme_channels.py").write_text(good("acme").replace('"1.2"', '""'), "utf-8")
    info = tmp_path / "acme-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: acme\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text("[contentsvc]\nacme = acme_channels\n")
    monkeypatch.syspath_prepend(tmp_path)
    (point,) = Distribution.at(info).entry_points
    points = EntryPoints([point])
    monkeypatch.setattr(registry, "installed", lambda group: points.select(group=group))

    found = load_plugins([])

    assert isinstance(point, EntryPoint)
    assert only(found, "acme").origin == "acme"
    assert only(found, "acme").version == "2.5"
    assert only(found, "acme").channel_types == ("acme",)


def test_one_plugin_can_be_loaded_by_itself(tmp_path: Path) -> None:
    """`load_plugin` loads one file without the other plugins."""
    path = tmp_path / "mine.py"
    path.write_text(good(), "utf-8")

    assert load_plugin(path).channel_type("good").type == "good"
