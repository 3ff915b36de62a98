"""Every error that the code raises has a code of the catalogue with the parameters of its text.

The tests read the source: they find each call that creates an error of the tree in `errors.py`,
a `Message` or a `Problem`, and check its code and keyword arguments.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from contentsvc.messages import LANGUAGES, catalogue

ROOT = Path(__file__).parents[3]
#: The base class of every error that a person can meet.
BASE = "ContentsvcError"
ERRORS = "contentsvc/errors.py"
#: Arguments of errors that are not parameters of the message.
NOT_PARAMETERS = {"field", "retry_after"}
#: Index of the message among the arguments; 0 for classes that are not listed.
MESSAGE_INDEX = {"ConfigError": 1, "DatabaseTooNewError": 1, "Problem": 2}
#: A class that takes no message: it creates one from the problems that it holds.
OF_PROBLEMS = "CalendarError"
#: Functions that turn an error into a text of one language, so that its code is lost.
LOSES_THE_CODE = {"str", "repr", "format", "gettext", "ngettext", "lazy_gettext", "text", "join"}


@dataclass(frozen=True)
class Site:
    """A call that creates an error, a message or a problem."""

    path: str
    name: str
    call: ast.Call

    def __str__(self) -> str:
        return f"{self.path}:{self.call.lineno} {self.name}"

    def messages(self) -> list[ast.expr]:
        """Return the expressions that can become the message of this call."""
        index = MESSAGE_INDEX.get(self.name, 0)
        named = [word.value for word in self.call.keywords if word.arg == "message"]
        return _branches([*self.call.args[index : index + 1], *named])

    def params(self) -> set[str] | None:
        """Return the names of the parameters; None for a call with `**params`."""
        names = {word.arg for word in self.call.keywords}
        others = set() if self.name == "Message" else NOT_PARAMETERS
        return None if None in names else {name for name in names if name} - others


def _branches(expressions: list[ast.expr]) -> list[ast.expr]:
    """Return *expressions* with both branches of each condition."""
    found: list[ast.expr] = []
    for expression in expressions:
        if isinstance(expression, ast.IfExp):
            found += _branches([expression.body, expression.orelse])
        elif isinstance(expression, ast.BoolOp):
            found += _branches(expression.values)
        else:
            found.append(expression)
    return found


@cache
def _trees() -> dict[str, ast.Module]:
    files = [*(ROOT / "contentsvc").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    return {
        str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files
    }


def _name(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


@cache
def _errors() -> dict[str, ast.ClassDef]:
    """Return the classes of the error tree by name."""
    classes = {
        node.name: node
        for tree in _trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, ast.ClassDef] = {BASE: classes[BASE]}
    while True:
        more = {
            name: node
            for name, node in classes.items()
            if name not in found and any(_name(base) in found for base in node.bases)
        }
        if not more:
            return found
        found |= more


def _is_of_problems(name: str) -> bool:
    """Return whether errors of the class *name* hold problems in place of a message."""
    bases = (_name(base) for base in _errors()[name].bases)
    return name == OF_PROBLEMS or any(base in _errors() and _is_of_problems(base) for base in bases)


def _has_own_init(node: ast.ClassDef) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)


@cache
def _sites() -> list[Site]:
    """Return every call that creates an error or a problem and names its message."""
    plain = {
        name
        for name, node in _errors().items()
        if not _is_of_problems(name) and (_file_of(node) == ERRORS or not _has_own_init(node))
    }
    sites = [
        Site(path, _name(node.func), node)
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in plain | {"Message", "Problem"}
    ]
    return sites + list(_super_calls())


@cache
def _files() -> dict[ast.ClassDef, str]:
    """Return the file of every class."""
    return {
        node: path
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def _file_of(node: ast.ClassDef) -> str:
    return _files()[node]


def _super_calls() -> Iterator[Site]:
    """Return the `super().__init__(…)` calls of errors that create their own message."""
    for node in _errors().values():
        path = _file_of(node)
        if path == ERRORS or not _has_own_init(node) or _is_of_problems(node.name):
            continue
        for call in ast.walk(node):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "__init__"
            ):
                base = next(_name(base) for base in node.bases if _name(base) in _errors())
                yield Site(path, base, call)


def _placeholders(code: str) -> set[str]:
    text = catalogue("en")[code]
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def _family(expression: ast.JoinedStr) -> re.Pattern[str]:
    """Return a pattern of the codes that an f-string such as `f"weekday-{number}"` can give."""
    parts = [
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9_-]+"
        for part in expression.values
    ]
    return re.compile("".join(parts))


def _fault(site: Site, expression: ast.expr) -> str:
    """Return what is wrong with the message of a call; empty if nothing is."""
    assembled = "an assembled sentence stands where a code belongs"
    if isinstance(expression, ast.JoinedStr):
        family = _family(expression)
        return "" if any(family.fullmatch(code) for code in catalogue("en")) else assembled
    if isinstance(expression, ast.BinOp):
        return assembled
    if isinstance(expression, ast.Call) and _name(expression.func) in LOSES_THE_CODE:
        return f"{_name(expression.func)}() stands where a code belongs"
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return _fault_of_code(site, expression.value)
    return ""


def _fault_of_code(site: Site, code: str) -> str:
    if any(code not in catalogue(language) for language in LANGUAGES):
        return f"{code!r} is not a code of both languages"
    params = site.params()
    if params is not None and params != _placeholders(code):
        return f"{code} has {sorted(params)}, its text names {sorted(_placeholders(code))}"
    return ""


def test_the_sites_are_found() -> None:
    """The search finds the calls of the services, the pages and the plugins."""
    found = {site.path.split("/")[1] for site in _sites() if site.path.startswith("contentsvc/")}

    assert {"services", "web", "domain", "posters", "channels"} <= found
    assert any(site.path.startswith("plugins/") for site in _sites())
    assert len(_sites()) > 200


def test_every_raised_message_has_a_code() -> None:
    """No sentence is raised in the place of a code, and each code gets its parameters."""
    faults = [
        f"{site}: {fault}"
        for site in _sites()
        for expression in site.messages()
        if (fault := _fault(site, expression))
    ]

    assert faults == []


def test_every_code_is_used() -> None:
    """The catalogue has no text that nothing shows."""
    used = {
        node.value
        for tree in _trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    families = [
        _family(expression)
        for site in _sites()
        for expression in site.messages()
        if isinstance(expression, ast.JoinedStr)
    ]
    unused = [
        code
        for code in catalogue("en")
        if code not in used and not any(family.fullmatch(code) for family in families)
    ]

    assert unused == []


#: Names that Chinese texts write in Latin letters.
NAMES = {
    *("XLSX", "CSV", "UTF-8", "GB", "ISO", "HTTPS", "HTTP", "PNG", "JPEG", "WebP", "GIF", "SVG"),
    *("MB", "KB", "KiB", "GB18030", "URL", "YAML", "JSON", "ZIP", "PDF", "Cookie", "Excel", "WPS"),
    *("SQLite", "PostgreSQL", "Redis", "Valkey", "RQ", "SMTP", "DNS", "IP", "UTC", "ID", "API"),
    *("Markdown", "Unicode", "Python", "RRGGBB", "apprise", "contentsvc", "pip", "pytest"),
}
#: Words that people write in files, settings and plugins; they are the same in every language.
WRITTEN = {
    *("zh", "en", "yes", "no", "true", "false", "debug", "info", "warning", "error"),
    *("label", "livestream", "host", "minutes", "poster", "template", "day", "month", "time"),
    *("title", "body", "id", "ideal", "max", "field", "source", "type", "text", "plate", "rect"),
    *("True", "publish", "Channel", "Check", "Path", "Rendition", "hookimpl"),
}
#: Values that a person types, addresses, settings and commands: the same in every language.
_TYPED = re.compile(
    r"`[^`]*`|“[^”]*”|\{[^}]*\}|https?://\S*|\w+://\S*|CONTENTSVC_\w+|[\w.-]*[0-9_/.=-][\w./=-]*"
)


@pytest.mark.parametrize("code", sorted(catalogue("zh")))
def test_the_chinese_text_is_chinese(code: str) -> None:
    """A Chinese text has Chinese characters, and no English words besides names and values."""
    text = catalogue("zh")[code]

    rest = _TYPED.sub(" ", text)
    words = set(re.findall(r"[A-Za-z][A-Za-z0-9-]+", rest)) - NAMES - WRITTEN

    assert words == set()
    assert re.search(r"[\u4e00-\u9fff]", text) or not re.search(r"[A-Za-z]{2}", rest)
