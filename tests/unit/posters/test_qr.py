"""QR codes hold web addresses in ASCII, and other texts in UTF-8 that says so."""

from __future__ import annotations

import re
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageOps

from contentsvc.errors import RenderError
from contentsvc.posters import Poster, Proofreader, Template, parse_template, qr_text
from contentsvc.posters.brand import Brand
from contentsvc.posters.qr import qr_mask
from contentsvc.posters.typesetting.fonts import Fonts

ADDRESSES = {
    "https://a.example/中文?x=1": "https://a.example/%E4%B8%AD%E6%96%87?x=1",
    "https://例子.中国/": "https://xn--fsqu00a.xn--fiqs8s/",
    "https://中文。中国:8443/路": "https://xn--fiq228c.xn--fiqs8s:8443/%E8%B7%AF",
    "https://Bücher.example/A": "https://xn--bcher-kva.example/A",
    "https://faß.example/": "https://xn--fa-hia.example/",
    "https://☃.example/": "https://xn--n3h.example/",
    "https://用户:密@a.example/": "https://%E7%94%A8%E6%88%B7:%E5%AF%86@a.example/",
    "https://a.example/?q=早安&r=%E6%99%9A#锚": (
        "https://a.example/?q=%E6%97%A9%E5%AE%89&r=%E6%99%9A#%E9%94%9A"
    ),
    "https://a.example/100%纯棉": "https://a.example/100%%E7%BA%AF%E6%A3%89",
    "https://a.example/|<é>": "https://a.example/%7C%3C%C3%A9%3E",
    "https://[::1]:8080/é": "https://[::1]:8080/%C3%A9",
    "https://a.example": "https://a.example",
    "HTTPS://A.EXAMPLE/I/7?": "HTTPS://A.EXAMPLE/I/7?",
    "weixin://dl/business/?t=课": "weixin://dl/business/?t=%E8%AF%BE",
}
TEXTS = ["早安", "中文abc", "茗荷", "é", "ｱ", "🎁", "日本語 テキスト", "plain text"]
#: The mode "ECI", then 26, the number of UTF-8 (ISO/IEC 18004, 7.4.2; AIM ECI part 3).
UTF_8 = "0111" + "00011010"
WITH_CODE = """
id: code
name: {zh: 码, en: Code}
size: [400, 400]
fields:
  url: {label: {zh: 链接, en: Link}, type: url}
palette: {ink: "#222222"}
layers:
  - {id: qr, type: qr, field: url, box: [20, 20, 360, 360], dark: black}
variants:
  9x16: {size: [400, 400]}
"""


def read(mask: Image.Image) -> zxingcpp.Barcode:
    (code,) = zxingcpp.read_barcodes(ImageOps.invert(mask))
    return code


def read_by_opencv(mask: Image.Image) -> str:
    picture = np.asarray(ImageOps.invert(mask).convert("RGB"))
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


def first_bits(mask: Image.Image, module: int) -> str:
    """Return the first 12 bits of a small code, from the lower right corner upwards."""
    last = mask.width // module - 5
    bits = ""
    for row in range(last, last - 6, -1):
        for column in (last, last - 1):
            dark = mask.getpixel((column * module, row * module)) != 0
            # The chequerboard inverts every other module (ISO/IEC 18004, 7.8.2, pattern 000).
            bits += str(int(dark ^ ((row + column) % 2 == 0)))
    return bits


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_written_in_ascii(address: str) -> None:
    """The host is punycode, the rest percent-encoded, and two decoders read it."""
    mask, _ = qr_mask(address, 400, error="m", quiet=4)

    assert qr_text(address) == ADDRESSES[address]
    assert qr_text(qr_text(address)) == ADDRESSES[address]
    assert read(mask).bytes == ADDRESSES[address].encode("ascii")
    assert read_by_opencv(mask) == ADDRESSES[address]


@pytest.mark.parametrize("text", TEXTS)
def test_any_other_text_is_utf_8_and_says_so(text: str) -> None:
    """The bytes are UTF-8, and a reader need not guess."""
    mask, module = qr_mask(text, 400, error="m", quiet=4)

    code = read(mask)
    assert code.text == text
    assert code.bytes == text.encode()
    assert (first_bits(mask, module) == UTF_8) is not text.isascii()


def test_a_poster_and_a_proof_take_a_chinese_link(
    paint: Callable[..., Poster], brand: Brand, fonts: Fonts
) -> None:
    """The code on the poster holds the address in ASCII, and the proof has no remark."""
    template: Template = parse_template(WITH_CODE, "code.yaml")
    fields: dict[str, object] = {"url": "https://a.example/中文?x=1"}
    proof = Proofreader(
        template, ["9x16"], brand=brand, fonts=fonts, pictures=dict[str, bytes]().__getitem__
    )

    (code,) = zxingcpp.read_barcodes(paint(template, fields).image)

    assert code.bytes == b"https://a.example/%E4%B8%AD%E6%96%87?x=1"
    assert proof.read(fields) == ()


@pytest.mark.parametrize(
    "address",
    [
        f"https://{'长' * 70}.example/",
        "https://a．：example/",
        "https://\ud800.example/",
        "https://a.example/\ud800",
        f"https://a.example/{'长' * 120}",
    ],
)
def test_an_address_that_cannot_be_written_is_refused(
    address: str, paint: Callable[..., Poster]
) -> None:
    """A host that is no host name, half a character and too long a link name the field."""
    template = parse_template(WITH_CODE, "code.yaml")

    with pytest.raises(RenderError, match=re.escape("'url'")) as caught:
        paint(template, {"url": address})

    assert caught.value.field == "url"
