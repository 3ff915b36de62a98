"""Static files and pages: compressed, and stored by browsers as long as is right."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentsvc.web import static_files
from contentsvc.web.static_files import StaticFiles
from tests.quick_apps import prepare_static_file
from tests.web.people import Person

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
ASSET = re.compile(r'(?:src|href)="(/static/[^"#]+)')


def _assets(page: str) -> set[str]:
    return set(ASSET.findall(page))


def test_every_file_of_a_page_is_stored_for_a_year(anonymous: FlaskClient) -> None:
    """Each address has the hash of the content, and each file is small and complete."""
    assets = _assets(anonymous.get("/sign-in").get_data(as_text=True))

    assert {address.rpartition("/")[2] for address in assets} >= {
        *("bootstrap.min.css", "app.css", "htmx.min.js", "app.js", "favicon.svg")
    }
    for address in assets:
        plain, small = anonymous.get(address), anonymous.get(address, headers=GZIP)
        assert small.headers["Cache-Control"] == "public, max-age=31536000, immutable", address
        assert small.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(small.get_data()) == plain.get_data()
        assert len(small.get_data()) < len(plain.get_data())
        assert {"Accept-Encoding"} == set(small.vary) == set(plain.vary)
        assert small.headers["ETag"] != plain.headers["ETag"]
        assert "Set-Cookie" not in small.headers


@pytest.mark.parametrize("path", ["/static/js/app.js", "/static/v-0123456789abcdef/js/app.js"])
def test_an_address_of_another_version_is_not_stored(anonymous: FlaskClient, path: str) -> None:
    """A page loaded before an upgrade gets the present file, and asks again the next time."""
    response = anonymous.get(path)

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"
    again = anonymous.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/../app.py", "/static/%2e%2e/app.py", "/static/js/"]
)
def test_only_the_files_of_the_list_are_served(anonymous: FlaskClient, path: str) -> None:
    """No path leads out of the folder."""
    assert anonymous.get(path).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "is_small"),
    [
        ("gzip", True),
        ("*", True),
        ("br;q=1, gzip;q=0.5", True),
        ("", False),
        ("gzip;q=0", False),
        ("identity", False),
    ],
)
def test_nobody_gets_what_they_cannot_read(
    anonymous: FlaskClient, accepted: str, *, is_small: bool
) -> None:
    """Files and pages are compressed for those who accept it."""
    for path in ("/static/js/app.js", "/sign-in"):
        response = anonymous.get(path, headers={"Accept-Encoding": accepted})
        assert (response.headers.get("Content-Encoding") == "gzip") is is_small, path


def test_a_change_of_a_file_changes_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is the hash of all files, since scripts import each other."""
    (tmp_path / "js").mkdir()
    for name, text in (("js/a.js", 'import "./b.js";'), ("js/b.js", "one")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(static_files, "_sources", lambda: static_files._walk(tmp_path, ""))
    before, same = StaticFiles(), StaticFiles()

    assert before.address("js/a.js") == same.address("js/a.js")
    (tmp_path / "js/b.js").write_text("two", encoding="utf-8")
    assert StaticFiles().address("js/a.js") != before.address("js/a.js")


def test_a_file_is_compressed_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further requests are served from memory."""
    client, calls, count = app.test_client(), list[int](), len(StaticFiles().files)
    compress = gzip.compress

    def counted(data: bytes, level: int, *, mtime: float) -> bytes:
        calls.append(len(data))
        return compress(data, level, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", counted)
    prepare_static_file.cache_clear()
    for _ in range(3):
        client.get("/static/js/app.js", headers=GZIP)

    assert len(calls) == count


def test_pages_are_compressed(mei: Person, sample: str) -> None:
    """A page is several times smaller and is never stored."""
    path = f"/calendars/{sample}"
    plain, small = mei.get(path), mei.get(path, headers=GZIP)

    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.get_data()) * 4 < len(plain.get_data())
    assert "week-title" in gzip.decompress(small.get_data()).decode()
    assert small.headers["Cache-Control"] == "no-store"
    assert "Accept-Encoding" in small.vary
    assert "Accept-Encoding" in plain.vary


def test_the_length_of_a_page_says_little(mei: Person) -> None:
    """The same page has many lengths, so that they betray no token in it."""
    lengths = {len(mei.get("/help", headers=GZIP).get_data()) for _ in range(24)}

    assert len(lengths) > 8


def test_fragments_and_errors_are_pages_too(mei: Person, sample: str) -> None:
    """What htmx loads is compressed, and a refused form as well; a picture is not."""
    board = mei.get(f"/calendars/{sample}", headers={**GZIP, "HX-Request": "true"})
    refused = mei.post("/new-calendar", {"name": ""}, headers=GZIP)
    picture = mei.get("/posters/quote/picture", headers=GZIP)

    assert board.headers["Content-Encoding"] == "gzip"
    assert (refused.status_code, refused.headers["Content-Encoding"]) == (422, "gzip")
    assert "Content-Encoding" not in picture.headers


def test_a_public_page_stays_conditional(mei: Person, anonymous: FlaskClient, sample: str) -> None:
    """A visitor's copy of a compressed page is still recognised."""
    first = anonymous.get("/site/site/", headers=GZIP)
    assert first.headers["Content-Encoding"] == "gzip"
    headers = {**GZIP, "If-None-Match": first.headers["ETag"]}

    assert anonymous.get("/site/site/", headers=headers).status_code == 304
