"""Message, a text for people in each language, and Phrases, the message texts of a plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from contentsvc.messages.catalogue import LANGUAGES, catalogue

__all__ = ["Message", "Parameter", "Phrases", "text_of"]

#: The code of a message whose text is not in the catalogue.
_GIVEN = ""


class Message:
    """A text for people, stored without a fixed language and translated when it is shown.

    ``Message("title-too-long", used=210, most=200)`` takes its text from the catalogue.
    ``Message.plain("45009 api freq out of limit")`` shows one text in every language.
    ``Message.given(zh="…", en="…")`` carries its own text in each language.

    A message is immutable, hashable and true unless its text is empty. `str()` gives English.
    """

    __slots__ = ("_code", "_params")
    _code: str
    _params: Mapping[str, Parameter]

    def __init__(self, code: str, /, **params: Parameter) -> None:
        """Create a message with the catalogue's text for *code*. *params* fill its placeholders.

        A code that the catalogue does not contain is shown as it is, so that a message never hides
        what happened.
        """
        object.__setattr__(self, "_code", code)
        object.__setattr__(self, "_params", MappingProxyType(params))

    @classmethod
    def plain(cls, text: str) -> Self:
        """Return a message that shows *text* in every language."""
        return cls(_GIVEN, en=text)

    @classmethod
    def given(cls, **texts: str) -> Self:
        """Return a message with its own text in each language: ``given(zh="…", en="…")``."""
        return cls(_GIVEN, **texts)

    @classmethod
    def of(cls, value: Message | Mapping[str, str] | str, /, **params: Parameter) -> Message:
        """Convert *value*, a catalogue code, a text, or texts by language, to a message.

        A plugin may pass any value, such as a platform's parsed response. It becomes a plain
        message, because an error must never fail to be made.
        """
        if isinstance(value, Message):
            return value
        if isinstance(value, Mapping) and value and set(value) <= set(LANGUAGES):
            return cls(_GIVEN, **{language: text_of(text) for language, text in value.items()})
        if not isinstance(value, str):
            return cls.plain(text_of(value))
        if params or value in catalogue(LANGUAGES[0]):
            return cls(value, **params)
        return cls.plain(value)

    @property
    def code(self) -> str:
        """The message's code in the catalogue; empty if the message has its own texts."""
        return self._code

    @property
    def params(self) -> Mapping[str, Parameter]:
        """The parameters by name. If the message has no code, these are its texts by language."""
        return self._params

    def text(self, language: str = "en") -> str:
        """Return the text in *language* or, if there is none, in English."""
        if self._code == _GIVEN:
            texts = self._params
            found = texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
            return str(found)
        source = catalogue(language if language in LANGUAGES else LANGUAGES[0]).get(self._code)
        if source is None:
            return _unlisted(self._code, self._params)
        values = {name: _shown(value, language) for name, value in self._params.items()}
        try:
            return source.format_map(values)
        except (KeyError, IndexError, ValueError):
            return _unlisted(self._code, self._params)

    def to_json(self) -> str:
        """Convert the message to JSON, for `from_json`."""
        return json.dumps(_plain_data(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Convert JSON from `to_json` to a message. Any other text becomes a plain message."""
        if not text.startswith('{"code"'):
            return cls.plain(text)
        try:
            found = _read_data(json.loads(text))
        except ValueError:
            return cls.plain(text)
        return found if isinstance(found, Message) else cls.plain(text)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a message cannot be changed")

    def __bool__(self) -> bool:
        return bool(self._code) or any(self._params.values())

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        params = "".join(f", {name}={value!r}" for name, value in self._params.items())
        return f"Message({self._code!r}{params})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self._code, self.to_json()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self._code, dict(self._params)))


def text_of(value: object) -> str:
    """Return `str(value)` or, if that raises an exception, the name of the value's class."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the value of a plugin
        return type(value).__name__


#: The value of a parameter: a text, a number, a list (shown with commas), or another message (shown
#: in the same language).
Parameter = str | int | float | Message | list[str] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The message texts of a plugin, by language and then by message code.

    ``PHRASES = Phrases({"zh": {"too-long": "…{used}…"}, "en": {"too-long": "… {used} …"}})``;
    then ``PHRASES.message("too-long", used=210)`` is a message in both languages, and
    ``PHRASES.text("too-long", "zh", used=210)`` is one text.
    """

    texts: Mapping[str, Mapping[str, str]]

    def message(self, code: str, /, **params: Parameter) -> Message:
        """Return a message with the text for *code* in each language.

        *params* fill the placeholders.
        """
        return Message.given(
            **{language: self.text(code, language, **params) for language in self.texts}
        )

    def text(self, code: str, language: str, /, **params: Parameter) -> str:
        """Return the text for *code* in *language* or, if there is none, in English."""
        texts = self.texts.get(language, {})
        source = texts[code] if code in texts else self.texts["en"][code]
        return source.format_map({k: _shown(value, language) for k, value in params.items()})


def _shown(value: Parameter, language: str) -> object:
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, list | tuple):
        return ("、" if language == "zh" else ", ").join(str(part) for part in value)
    return value


def _unlisted(code: str, params: Mapping[str, Parameter]) -> str:
    named = ", ".join(f"{name}={_shown(value, 'en')}" for name, value in params.items())
    return f"{code} ({named})" if named else code


def _restore(code: str, params: dict[str, Parameter]) -> Message:
    return Message(code, **params)


def _plain_data(value: Parameter) -> Any:
    if isinstance(value, Message):
        params = {name: _plain_data(param) for name, param in value.params.items()}
        return {"code": value.code, "params": params}
    return list(value) if isinstance(value, tuple) else value


def _read_data(value: Any) -> Parameter:
    if isinstance(value, dict):
        code, params = value.get("code"), value.get("params")
        if not isinstance(code, str) or not isinstance(params, dict):
            raise ValueError("this is not a message")  # noqa: TRY004 - the JSON is at fault
        return Message(code, **{str(name): _read_data(param) for name, param in params.items()})
    if isinstance(value, list):
        return [str(part) for part in value]
    if isinstance(value, str | int | float):
        return value
    raise ValueError("this is not a message's parameter")
