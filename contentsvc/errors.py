"""Every error this service raises on purpose.

ContentsvcError
├── ConfigError             cannot start; names the setting (exit 2)
│   └── DatabaseTooNewError
├── InputError              what a person or a file gave cannot be used (422, exit 2)
│   ├── CalendarError       a calendar or channel file: file, line, field, what is allowed
│   ├── ConflictError       somebody else changed it first, or it already exists (409)
│   └── NotFoundError       there is no such thing (404)
├── PluginError             a plugin cannot be used; it is shown and its deliveries wait
├── RenderError             cannot be shown there; told while planning, beside the field
└── PublishError
    ├── TemporaryError      nothing was published; scheduled again
    │   └── RateLimitedError
    ├── RejectedError       nothing was published; the platform refuses content or target
    ├── ChannelAuthError    nothing was published; the channel pauses until a person reconnects it
    └── OutcomeUnknownError it may have been published; never blindly retried
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contentsvc.messages import LANGUAGES, Message, Parameter

__all__ = [
    "CalendarError",
    "ChannelAuthError",
    "ConfigError",
    "ConflictError",
    "ContentsvcError",
    "DatabaseTooNewError",
    "InputError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PluginError",
    "Problem",
    "PublishError",
    "RateLimitedError",
    "RejectedError",
    "RenderError",
    "TemporaryError",
]


class ContentsvcError(Exception):
    """Something this service knows how to explain went wrong.

    ``InputError("title-too-long", used=210, most=200)`` takes its text from the catalogue; a
    plugin or a platform may give a text of its own, or one per language (``{"zh": …, "en": …}``).
    `str()` of an error is English; `error.message.text(language)` is any other language.
    """

    def __init__(self, message: Message | Mapping[str, str] | str, **params: Parameter) -> None:
        """Keep a code with its parameters, or a text."""
        self.message = Message.of(message, **params)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message.text()


class ConfigError(ContentsvcError):
    """A setting keeps the service from starting."""

    def __init__(
        self, setting: str, message: Message | Mapping[str, str] | str, **params: Parameter
    ) -> None:
        """Name the *setting* (`CONTENTSVC_…`); the message says what is wrong and what to do."""
        super().__init__(message, **params)
        self.setting = setting
        self.args = (setting, self.message)

    def __str__(self) -> str:
        return f"{self.setting}: {self.message}"


class DatabaseTooNewError(ConfigError):
    """The database was migrated by a newer contentsvc than this one."""


class InputError(ContentsvcError):
    """The input cannot be used; nothing was changed."""

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        field: str | None = None,
        **params: Parameter,
    ) -> None:
        """Say what is wrong and what is allowed; *field* is the form field it stands beside."""
        super().__init__(message, **params)
        self.field = field


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a file, with its line and field."""

    #: 1-based line; 0 for a problem of the whole file.
    line: int
    #: Dotted path of the field, such as `entries[2].day`; empty for the whole file.
    field: str
    #: What is wrong, the value at fault and what is allowed.
    message: Message

    def text(self, language: str = "en") -> str:
        """Return the problem in *language*, after its line and field."""
        parts = [Message("at-line", line=self.line).text(language)] if self.line else []
        parts += [f"{self.field}: "] if self.field else []
        return f"{''.join(parts)}{self.message.text(language)}"

    def __str__(self) -> str:
        return self.text()


class CalendarError(InputError):
    """A calendar or channel file cannot be used; nothing of it was stored."""

    def __init__(self, file: str | Path, problems: list[Problem]) -> None:
        """Store every problem of *file*, so that a person can correct them all at once."""
        self.file = str(file)
        self.problems = problems
        super().__init__({language: self.text(language) for language in LANGUAGES})
        self.args = (self.file, problems)

    def text(self, language: str = "en") -> str:
        """Return a line of text per problem in *language*, each with file, line and field."""
        return "\n".join(f"{self.file}: {problem.text(language)}" for problem in self.problems)


class ConflictError(InputError):
    """The thing was changed by somebody else meanwhile, or exists already."""


class NotFoundError(InputError):
    """There is no such thing."""


class PluginError(ContentsvcError):
    """A plugin cannot be used."""


class RenderError(ContentsvcError):
    """The content cannot be shown on that channel or in that template."""

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        field: str | None = None,
        **params: Parameter,
    ) -> None:
        """Say what cannot be shown; *field* is the form field it stands beside."""
        super().__init__(message, **params)
        self.field = field


class PublishError(ContentsvcError):
    """An attempt to publish did not end with a receipt."""

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        retry_after: float | None = None,
        **params: Parameter,
    ) -> None:
        """Keep the platform's text; *retry_after* is in seconds, None if the platform gave none."""
        super().__init__(message, **params)
        self.retry_after = retry_after


class TemporaryError(PublishError):
    """Nothing was published and trying again later may work."""


class RateLimitedError(TemporaryError):
    """Nothing was published; the platform asks to wait."""


class RejectedError(PublishError):
    """Nothing was published and this content will never be accepted there."""


class ChannelAuthError(PublishError):
    """Nothing was published; the platform does not accept the channel's credentials."""


class OutcomeUnknownError(PublishError):
    """It may have been published; only a look or a person can tell."""
