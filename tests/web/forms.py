"""Forms of pages: what a browser sends if nobody changes them, and the errors that they show."""

from __future__ import annotations

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

__all__ = ["form_values", "marked_fields", "summary_length"]


def form_values(page: str, form_id: str) -> MultiDict[str, str]:
    """Return the values that the form with the id *form_id* would send, without its buttons."""
    parser = _FormParser(form_id)
    parser.feed(page)
    parser.close()
    assert parser.was_found, f"there is no form {form_id}"
    # A browser ends every line of a field by CR LF.
    pairs = [
        (name, "\r\n".join(value.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
        for name, value in parser.values
    ]
    return MultiDict(pairs)


class _FormParser(HTMLParser):
    """Collects the values of one form."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self.was_found = False
        self._form_id = form_id
        self._is_inside = False
        #: The name and the text so far of the textarea that is being read.
        self._textarea: tuple[str, list[str]] | None = None
        #: The name of the list that is being read, and its values: the first, and the selected.
        self._select: tuple[str, list[str], list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = values.get("id") == self._form_id
            self.was_found |= self._is_inside
        if not self._is_inside:
            return
        name = values.get("name", "")
        if tag == "textarea":
            self._textarea = (name, [])
        elif tag == "select":
            self._select = (name, [], [])
        elif tag == "option" and self._select is not None:
            _, offered, selected = self._select
            offered.append(values.get("value", ""))
            if "selected" in values:
                selected.append(values.get("value", ""))
        elif tag == "input" and name:
            self._read_input(name, values)

    def _read_input(self, name: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if kind in {"submit", "button", "file"}:
            return
        if kind in {"checkbox", "radio"} and "checked" not in values:
            return
        self.values.append((name, values.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea" and self._textarea is not None:
            name, parts = self._textarea
            # A browser ignores a line end directly after the tag.
            self.values.append((name, "".join(parts).removeprefix("\n")))
            self._textarea = None
        elif tag == "select" and self._select is not None:
            name, offered, selected = self._select
            if chosen := (selected or offered)[-1:] if selected else offered[:1]:
                self.values.append((name, chosen[0]))
            self._select = None


class _ErrorParser(HTMLParser):
    """Collects which fields a page marks as invalid, and where it explains that."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.invalid: dict[str, set[str]] = {}
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.add(values.get("id", ""))
        if values.get("aria-invalid") == "true":
            self.invalid[values["name"]] = set(values["aria-describedby"].split())
        if "data-error-place" in values:
            self.links.append(values["data-error-place"])


def marked_fields(response: TestResponse) -> set[str]:
    """Return the names of the fields at which the page explains an error."""
    assert response.status_code in {409, 422}
    page = _ErrorParser(response.get_data(as_text=True))
    return {name for name, places in page.invalid.items() if places & page.ids}


def summary_length(response: TestResponse) -> int:
    """Return the number of errors that the summary of a page links to."""
    return len(_ErrorParser(response.get_data(as_text=True)).links)
