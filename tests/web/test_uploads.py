"""Pictures of an entry: sent by script or with the form, cleaned, refused without loss."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pytest
from PIL import Image
from werkzeug.datastructures import MultiDict

from contentsvc.db.models import Upload
from contentsvc.services.runtime import Runtime
from tests.web.people import Person
from tests.web.writing import NEW, PLAIN, count, make


def _png(width: int = 40, height: int = 30) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#c33").save(out, "PNG")
    return out.getvalue()


def _bomb() -> bytes:
    """Return a small PNG that claims to be 50,000 pixels square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def test_an_uploaded_picture_is_cleaned_and_kept(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """A script's upload returns a row of the form, and the picture is served from the storage."""
    response = mei.post("/uploads", {"upload": (io.BytesIO(_png()), "宝宝.png")})
    row = response.get_data(as_text=True)
    source = re.search(r'value="(sha256:[0-9a-f]{64})"', row)
    assert source is not None, row

    values = MultiDict(PLAIN)
    values["picture"], values["picture_alt"] = source[1], "一个宝宝"
    entry = make(mei, runtime, **values.to_dict())

    assert entry.pictures == [{"source": source[1], "alt": "一个宝宝"}]
    assert mei.get(f"/uploads/{source[1][7:]}").content_type == "image/png"


def test_a_form_brings_its_pictures_without_a_script(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """A picture that is posted with the form is stored too."""
    entry = make(mei, runtime, upload=(io.BytesIO(_png()), "a.png"))

    assert [picture["source"][:7] for picture in entry.pictures] == ["sha256:"]


@pytest.mark.parametrize("name", ["bomb", "text", "cut"])
def test_what_is_no_picture_is_refused(
    mei: Person, sample: str, runtime: Runtime, name: str
) -> None:
    """A decompression bomb, a text and half a picture are refused with advice; none is stored."""
    content = {"bomb": _bomb(), "text": b"not a picture", "cut": _png(400, 300)[:200]}[name]

    by_script = mei.post("/uploads", {"upload": (io.BytesIO(content), "a.png")})

    assert by_script.status_code == 422
    assert "field-error" in by_script.get_data(as_text=True)
    assert count(runtime, Upload) == 0


def test_a_bad_picture_does_not_lose_the_form(mei: Person, sample: str, runtime: Runtime) -> None:
    """Without scripts, a form with an unusable picture is shown again with its values."""
    response = mei.post(NEW, {**PLAIN, "upload": (io.BytesIO(b"nothing"), "a.png")})

    assert response.status_code == 422
    assert "聊聊睡眠" in response.get_data(as_text=True)


def test_a_huge_upload_gets_a_clear_answer(mei: Person, sample: str, runtime: Runtime) -> None:
    """A too large upload is refused in the person's language and not stored."""
    huge = b"\0" * (3 * 1024 * 1024)

    response = mei.client.post(NEW, data=huge, content_type="multipart/form-data; boundary=b")

    assert response.status_code == 413
    assert "超过 2 MB" in response.get_data(as_text=True)
    assert count(runtime, Upload) == 0
