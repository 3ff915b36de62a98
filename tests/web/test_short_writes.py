"""Write transactions are short: what takes long happens before them or after them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest
import yaml
from pydantic import BaseModel

from contentsvc.posters import clean_picture
from contentsvc.services import accounts, uploads
from contentsvc.services.runtime import Runtime
from tests.lock_guard import LockGuard
from tests.web.people import Person


def _picture() -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def test_others_can_write_while_a_picture_is_decoded(
    mei: Person, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty large pictures take a minute to decode; the write lock is free meanwhile."""
    decode, written = clean_picture, threading.Event()

    def write() -> None:
        with runtime.database.write():
            written.set()

    def decode_while_others_write(*args: object, **kwargs: object) -> object:
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(10)
        return decode(*args, **kwargs)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(uploads, "clean_picture", decode_while_others_write)

    response = mei.post("/uploads", {"upload": (io.BytesIO(_picture()), "a.png")})

    assert response.status_code == 200
    assert written.is_set()


class _Settings(BaseModel):
    title: str = ""


_SLOW: dict[str, Callable[[Path], object]] = {
    "decoding a picture": lambda _folder: PIL.Image.open(io.BytesIO(_picture())),
    "hashing a password": lambda _folder: accounts.hash_password("a long secret"),
    "reading YAML": lambda _folder: list(yaml.parse("a: 1")),
    "a plugin's validator": lambda _folder: _Settings.model_validate({}),
    "writing a file": lambda folder: (folder / "a").write_text("x"),
    "reading a folder": lambda folder: list(folder.iterdir()),
}


@pytest.mark.parametrize("name", _SLOW)
def test_slow_work_in_a_write_transaction_is_found(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The guard of all web and CLI tests notes slow work in a transaction, and only there."""
    guard = LockGuard(product="tests")
    guard.install(monkeypatch)

    _SLOW[name](tmp_path)
    assert guard.faults == []
    with runtime.database.write():
        _SLOW[name](tmp_path)

    assert guard.faults
    assert len(guard.seconds) == 1
