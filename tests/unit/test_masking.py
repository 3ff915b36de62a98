"""Secrets are masked in every form in which they appear, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import logging
import random
import re
import string
from urllib.parse import quote, quote_plus, urlencode

import pytest

from contentsvc import masking
from contentsvc.logs import LineFormatter
from contentsvc.masking import MASK, Masks
from contentsvc.messages import Message

_SECRET = 'k/9+Z ä"&7密x_q'
_KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----"
_HOOK = "https://hooks.example.com/services/T00000000/XyZ0123456789abcdef?key=693a91f6-7xxx"

_FORMS = {
    "itself": _SECRET,
    "percent-encoded": quote(_SECRET, safe=""),
    "percent-encoded, lower case": re.sub(
        "%..", lambda match: match[0].lower(), quote(_SECRET, safe="")
    ),
    "percent-encoded path": quote(_SECRET),
    "in a query": urlencode({"a": "1", "key": _SECRET, "b": "2"}),
    "plus for space": quote_plus(_SECRET),
    "encoded twice": quote(quote(_SECRET, safe=""), safe=""),
    "in JSON": json.dumps({"key": _SECRET}),
    "in JSON with its letters": json.dumps({"key": _SECRET}, ensure_ascii=False),
    "in a repr": repr({"key": _SECRET}),
    "in HTML": html.escape(_SECRET),
    "hexadecimal": _SECRET.encode().hex(),
    "Base64": base64.b64encode(_SECRET.encode()).decode(),
    "Base64 for addresses": base64.urlsafe_b64encode(_SECRET.encode()).decode(),
    "basic authentication": base64.b64encode(f"u:{_SECRET}".encode()).decode(),
    "basic authentication, longer": base64.b64encode(f"mei:{_SECRET}:x".encode()).decode(),
    "amid a text": f"the platform refused {_SECRET}, twice {_SECRET}.",
}


def _fragments(text: str, size: int) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


@pytest.mark.parametrize("text", _FORMS.values(), ids=_FORMS.keys())
def test_a_secret_is_masked_in_each_form(text: str) -> None:
    """No six characters of the secret, in the form of the text, are left."""
    masked = Masks([_SECRET]).text(text)

    assert MASK in masked
    left = "".join(masked.split(MASK))
    forms = [_SECRET, quote(_SECRET, safe=""), _SECRET.encode().hex()]
    assert not any(_fragments(form, 6) & _fragments(left, 6) for form in forms)
    encoded = base64.b64encode(_SECRET.encode()).decode()
    assert encoded[:-4] not in masked


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        (_KEY, "cannot read MIIEvQIBADANBgkqhkiG9w0B", f"cannot read {MASK}"),
        (_HOOK, "no answer from ?key=693a91f6-7xxx", f"no answer from ?key={MASK}"),
        (_HOOK, "POST /services/T00000000/XyZ0123456789abcdef", f"POST /services/T00000000/{MASK}"),
        ("  padded-secret\n", "got padded-secret", f"got {MASK}"),
        # A short secret is masked as a value only.
        ("1234", "in 1234 posts of week 12345", "in 1234 posts of week 12345"),
        ("1234", "pin=1234&x=1", f"pin={MASK}&x=1"),
        ("1234", "{'pin': '1234'}", f"{{'pin': '{MASK}'}}"),
        ("1234", "口令：1234", f"口令：{MASK}"),
        ("1234", "pin=12345", "pin=12345"),
        ("1234", "1234", MASK),
        ("abc", "an abc of it", "an abc of it"),
        ("", "nothing to hide", "nothing to hide"),
        (" ", "nothing to hide", "nothing to hide"),
    ],
)
def test_parts_and_short_secrets(secret: str, text: str, masked: str) -> None:
    """Parts that are secret by themselves are masked; a short secret only as a value."""
    assert Masks([secret]).text(text) == masked


def test_other_texts_stay_as_they_are() -> None:
    """Random texts without a secret are unchanged, however many secrets are known."""
    dice = random.Random(7)
    letters = string.ascii_lowercase + "0123456789 =:/"
    masks = Masks("".join(dice.choices(letters.upper(), k=12)) for _ in range(200))
    for _ in range(50):
        text = "".join(dice.choices(string.ascii_lowercase + "，。 ", k=200))

        assert masks.text(text) == text


def test_a_longer_secret_is_masked_as_a_whole() -> None:
    """Of two secrets with one beginning, the longer is masked if it is there."""
    assert Masks(["abcdefgh", "abcdefgh-ijkl"]).text("x abcdefgh-ijkl y") == f"x {MASK} y"


def test_a_message_is_masked_in_all_its_parts() -> None:
    """Texts, lists and messages within a message are masked; its numbers stay."""
    masks = Masks(["geheim-1"])
    inner = Message.given(zh="是 geheim-1", en="is geheim-1")
    message = Message("x", text="a geheim-1", many=["geheim-1", "b"], inner=inner, n=7)

    masked = masks.message(message)

    assert masked.params["n"] == 7
    assert "geheim" not in masked.to_json()
    assert masked.to_json().count(MASK) == 4


def test_a_line_that_a_plugin_logs_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Message, arguments, `extra` and traceback of a log record are masked."""
    monkeypatch.setattr("contentsvc.logs.KNOWN", Masks(["geheim-1"]))
    error = RuntimeError("Authorization: geheim-1")
    trace = (type(error), error, None)
    record = logging.LogRecord("p", logging.ERROR, "p.py", 1, "sent %s", ("geheim-1",), trace)
    record.url = "https://x.example/?key=geheim-1"

    line = LineFormatter().format(record)

    assert "geheim" not in line
    assert line.count(MASK) == 3


def test_masks_of_many_channels_cost_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Masking looks at each character once, whether one or a thousand secrets are known."""
    looked: list[int] = []

    class Counting(dict):  # type: ignore[type-arg]  # as the masks' own
        def get(self, key: str, default: object = None) -> object:
            looked.append(1)
            return super().get(key, default)

    for size in (1, 1000):
        masks = Masks(f"secret-number-{number}" for number in range(size))
        monkeypatch.setattr(masks, "_forms", Counting(masks._forms))
        masks.text("x" * 500)

    assert len(looked) == 2 * (500 - masking._SHORTEST + 1)
