"""Finds the files of poster templates in folders, reads them safely and validates them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contentsvc.errors import Problem, RenderError
from contentsvc.messages import Message
from contentsvc.posters.template import yaml_lines
from contentsvc.posters.template.checks import check_layers, check_names
from contentsvc.posters.template.errors import TemplateError
from contentsvc.posters.template.explain import explain
from contentsvc.posters.template.layers import Layer
from contentsvc.posters.template.schema import Template
from contentsvc.posters.template.yaml_lines import line_of, read_yaml

__all__ = ["Library", "build_template", "list_templates", "load_template", "parse_template"]

_ONE_LAYER: TypeAdapter[Layer] = TypeAdapter(Layer)
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_SUFFIXES = (".yaml", ".yml")


def load_template(template_id: str, folders: Sequence[Path]) -> Template:
    """Load the template *template_id* from the first of *folders* that contains it.

    Raises:
        RenderError: no folder has it.
        TemplateError: the file is invalid; the error has the line and field of each fault.
    """
    return _load(template_id, folders, _read)


def _load(template_id: str, folders: Sequence[Path], read: Callable[[Path], Template]) -> Template:
    for path in _files(folders):
        if path.stem == template_id:
            return read(path)
    names = sorted({path.stem for path in _files(folders)})
    raise RenderError(
        "template-unknown",
        name=template_id,
        names=names or Message("template-none"),
        field="template",
    )


def list_templates(folders: Sequence[Path]) -> tuple[list[Template], list[TemplateError]]:
    """Load all templates in *folders*; return them sorted by id, and an error per invalid file.

    If two folders have a template of the same id, the first folder wins. An invalid file does not
    hide the others.
    """
    return _list(folders, _read)


def _list(
    folders: Sequence[Path], read: Callable[[Path], Template]
) -> tuple[list[Template], list[TemplateError]]:
    templates: dict[str, Template] = {}
    errors: list[TemplateError] = []
    for path in _files(folders):
        if path.stem in templates:
            continue
        try:
            templates[path.stem] = read(path)
        except TemplateError as error:
            errors.append(error)
    return sorted(templates.values(), key=lambda template: template.id), errors


class Library:
    """An in-memory cache of the templates in *folders*. A file that has changed is read again.

    Safe to share between threads.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._cached: dict[Path, tuple[tuple[int, int], Template]] = {}

    def load(self, template_id: str) -> Template:
        """Return the template *template_id* from the first folder that contains it.

        Raises:
            RenderError: no folder has it.
            TemplateError: the file is invalid; the error has every problem.
        """
        return _load(template_id, self._folders, self._read)

    def list(self) -> tuple[list[Template], list[TemplateError]]:
        """Return the valid templates, sorted by id, and an error for each invalid file."""
        return _list(self._folders, self._read)

    def _read(self, path: Path) -> Template:
        try:
            stat = path.stat()
        except OSError:
            return _read(path)
        stamp = (stat.st_mtime_ns, stat.st_size)
        cached = self._cached.get(path)
        if cached is None or cached[0] != stamp:
            cached = self._cached[path] = (stamp, _read(path))
        return cached[1]


def parse_template(text: str, file: str) -> Template:
    """Parse the template in the YAML *text*. *file* is its name in error messages.

    Raises:
        TemplateError: the template is invalid; the error has every problem.
    """
    data, lines = read_yaml(text, file)
    return build_template(data, file, lines)


def build_template(
    data: object, file: str, lines: Mapping[yaml_lines.Path, int] | None = None
) -> Template:
    """Build a template from *data*, which is parsed YAML, and validate the layers of each variant.

    Raises:
        TemplateError: the template is invalid; the error has every problem.
    """
    known = dict(lines or {})
    if not isinstance(data, dict):
        raise TemplateError(file, [Problem(0, "", Message("template-not-mapping"))])
    try:
        template = Template.model_validate(data)
    except ValidationError as error:
        raise _error(file, known, explain(error, Template)) from error
    problems = [*check_names(template)]
    for size in template.variants:
        problems += _read_layers(template, size)
    if problems:
        raise _error(file, known, iter(problems))
    return template


def _read_layers(template: Template, size: str) -> list[tuple[yaml_lines.Path, Message]]:
    problems: list[tuple[yaml_lines.Path, Message]] = []
    layers: list[tuple[int, Layer]] = []
    for index, raw in template.raw_layers(size):
        try:
            layers.append((index, _ONE_LAYER.validate_python(raw)))
        except ValidationError as error:
            for path, message in explain(error, Layer):
                problems.append((_origin(template, size, index, path), message))
    for index, path, message in check_layers(template, size, layers):
        problems.append((_origin(template, size, index, path), message))
    return problems


def _origin(template: Template, size: str, index: int, path: yaml_lines.Path) -> yaml_lines.Path:
    """Convert *path*, the path of a faulty value in layer *index*, to its path in the file.

    If variant *size* changes the value, the path leads to the change in the variant's `set`.
    """
    name = template.layers[index].get("id", "")
    changes: Mapping[str, Any] = template.variants[size].set.get(name, {})
    if path and path[0] in changes:
        return ("variants", size, "set", name, *path)
    return ("layers", index, *path)


def _error(
    file: str, lines: dict[yaml_lines.Path, int], faults: Iterator[tuple[yaml_lines.Path, Message]]
) -> TemplateError:
    problems = (Problem(line_of(lines, path), _dotted(path), message) for path, message in faults)
    return TemplateError(file, list(dict.fromkeys(problems)))


def _dotted(path: yaml_lines.Path) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            paths = (path for path in folder.iterdir() if path.suffix in _SUFFIXES)
            yield from sorted(path for path in paths if _ID.fullmatch(path.stem))


def _read(path: Path) -> Template:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = Message("template-unreadable", reason=str(error))
        raise TemplateError(str(path), [Problem(0, "", message)]) from error
    template = parse_template(text, str(path))
    if template.id != path.stem:
        message = Message("template-id-differs", id=template.id, file=path.name)
        raise TemplateError(str(path), [Problem(0, "id", message)])
    return template
