"""Mask the secrets of channels in texts for people: errors, pages, exports and log lines."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from contentsvc.messages import Message, Parameter, text_of

__all__ = ["KNOWN", "MASK", "Masks"]

#: Shown in place of a secret.
MASK = "••••••"
#: The fewest characters of a text that is masked wherever it occurs. A shorter secret is masked
#: only as a value (`code=1234`, `"1234"`), since it would occur in ordinary words and numbers.
_SHORTEST = 6
#: The fewest characters of a part of a secret (a line of a key, a part of an address's path) that
#: is masked by itself.
_SHORTEST_PART = 16


class Masks:
    """The secrets that are known, in the forms in which they appear in texts.

    The time to mask a text depends on its length, not on the number of secrets.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Create masks for *secrets*."""
        #: Forms of secrets by their first characters, the longest first.
        self._forms: dict[str, tuple[str, ...]] = {}
        self._short: dict[str, re.Pattern[str]] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these secrets, too, in all later texts; blank secrets are ignored."""
        for secret in secrets:
            if not secret.strip():
                continue
            if len(secret) < _SHORTEST:
                self._short[secret] = _as_value(secret)
            for form in _forms_of(secret):
                known = self._forms.get(form[:_SHORTEST], ())
                if form not in known:
                    self._forms[form[:_SHORTEST]] = tuple(sorted((*known, form), key=_by_length))

    def text(self, text: str) -> str:
        """Return *text* with MASK in place of each secret."""
        text = "".join(self._masked(text)) if self._forms else text
        for secret, pattern in tuple(self._short.items()):
            text = MASK if text == secret else pattern.sub(rf"\g<1>{MASK}", text)
        return text

    def message(self, message: Message) -> Message:
        """Return *message* with MASK in place of each secret in its code and parameters."""
        params = {name: self._parameter(value) for name, value in message.params.items()}
        # A plugin may have put a text in the place of the code.
        code = self.text(message.code)
        return Message(code, **params)

    def _parameter(self, value: Parameter) -> Parameter:
        if isinstance(value, Message):
            return self.message(value)
        if isinstance(value, list | tuple):
            return [self.text(text_of(part)) for part in value]
        return self.text(value) if isinstance(value, str) else value

    def _masked(self, text: str) -> Iterator[str]:
        start = at = 0
        while at <= len(text) - _SHORTEST:
            forms = self._forms.get(text[at : at + _SHORTEST], ())
            form = next((form for form in forms if text.startswith(form, at)), None)
            if form is None:
                at += 1
                continue
            yield text[start:at]
            yield MASK
            start = at = at + len(form)
        yield text[start:]


#: The secrets of all channels that this process has opened. One plugin serves many channels and may
#: confuse them, so that every text is masked against all of them.
KNOWN = Masks()


def _by_length(form: str) -> tuple[int, str]:
    return -len(form), form


def _as_value(secret: str) -> re.Pattern[str]:
    return re.compile(rf"([=:：]\s?[\"']?|[\"']){re.escape(secret)}(?![\w-])")


@lru_cache(maxsize=4096)
def _forms_of(secret: str) -> frozenset[str]:
    """Return the texts that stand for *secret*, without those too short to be masked anywhere."""
    forms = {form for part in (secret, *_parts(secret)) for form in _encodings(part)}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


def _parts(secret: str) -> Iterator[str]:
    """Yield the parts of a secret that are secret by themselves."""
    yield secret.strip()
    for line in secret.splitlines():
        if len(line) >= _SHORTEST_PART:
            yield line
    if "://" not in secret:
        return
    try:
        address = urlsplit(secret)
        yield from (value for _, value in parse_qsl(address.query))
        yield address.password or ""
        yield from (part for part in address.path.split("/") if len(part) >= _SHORTEST_PART)
    except ValueError:
        return


def _encodings(text: str) -> Iterator[str]:
    yield text
    for encoded in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield from (encoded, _lower_hex(encoded), quote(encoded, safe=""))
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield html.escape(text)
    content = text.encode("utf-8", "replace")
    yield from (content.hex(), content.hex().upper())
    for before in range(3):
        yield from _within_base64(content, before)


def _lower_hex(encoded: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)


def _within_base64(content: bytes, before: int) -> Iterator[str]:
    """Yield what *content* becomes in Base64 after *before* other bytes, whatever follows it.

    `user:SECRET` in a header is an example. The characters at both ends depend on the neighbours
    and are left out.
    """
    encoded = base64.b64encode(bytes(before) + content).decode()
    whole = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
    yield whole
    yield whole.replace("+", "-").replace("/", "_")
