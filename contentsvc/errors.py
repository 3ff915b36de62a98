"""The exceptions that this service raises on purpose.

ContentsvcError
├── ConfigError             a setting prevents the start; names the setting (exit 2)
│   └── DatabaseTooNewError
├── InputError              the input of a person or a file is not valid (422, exit 2)
│   ├── CalendarError       a calendar or channel file is not valid; lists every problem
│   ├── FieldsError         several fields of a form are not valid; has an error for each
│   ├── ConflictError       another request changed the object, or it already exists (409)
│   └── NotFoundError       the requested object does not exist (404)
├── NotPermittedError       the person's role does not allow this (403)
├── PluginError             a plugin cannot be used; the pages show this, its deliveries wait
├── RenderError             a channel or template cannot show the content; found while planning
└── PublishError
    ├── TemporaryError      nothing was published; the delivery is retried
    │   └── RateLimitedError
    ├── RejectedError       nothing was published; the platform refuses content or target
    ├── ChannelAuthError    nothing was published; the channel pauses until a person reconnects it
    └── OutcomeUnknownError the post may have been published; checked before any retry
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contentsvc.messages import LANGUAGES, Message, Parameter

__all__ = [
    "PLUGIN_FAULTS",
    "CalendarError",
    "ChannelAuthError",
    "ConfigError",
    "ConflictError",
    "ContentsvcError",
    "DatabaseTooNewError",
    "FieldsError",
    "InputError",
    "NotFoundError",
    "NotPermittedError",
    "OutcomeUnknownError",
    "PluginError",
    "Problem",
    "PublishError",
    "RateLimitedError",
    "RejectedError",
    "RenderError",
    "TemporaryError",
    "seconds_to_wait",
]

#: What the code of a plugin may raise besides this module's errors: `sys.exit()` in a plugin must
#: end neither a worker nor the web server.
PLUGIN_FAULTS = (Exception, SystemExit)
#: A platform that asks for a longer wait is asked again after a week.
_LONGEST_WAIT = 7 * 24 * 3600.0


def seconds_to_wait(name: str, value: object) -> float:
    """Return a plugin's number of seconds as a float; more than a week becomes a week.

    Raises:
        TypeError: *value* is not a number. *name* is its name in the message.
        ValueError: *value* is negative or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number of seconds, not {kind}; pass float(value)")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number of seconds from 0, not {value}")
    return min(float(value), _LONGEST_WAIT)


class ContentsvcError(Exception):
    """Base class of the errors that this service raises on purpose.

    ``InputError("title-too-long", used=210, most=200)`` takes its text from the catalogue; a
    plugin or a platform may pass its own text, or a text per language (``{"zh": …, "en": …}``).
    `str(error)` is in English; `error.message.text(language)` is in the given language.
    """

    message: Message

    def __new__(cls, *args: object, **params: object) -> Self:  # noqa: ARG004 - for `__init__`
        """Give the error its class name as message, in case a subclass never calls `__init__`."""
        self = super().__new__(cls, *args)
        self.message = Message.plain(cls.__name__)
        return self

    def __init__(self, message: Message | Mapping[str, str] | str, **params: Parameter) -> None:
        """Create the error from a Message, a message code with its *params*, or a plain text.

        Args:
            message: a `Message`, a code of the catalogue, a text, or texts by language.
            params: the parameters of the code.
        """
        self.message = Message.of(message, **params)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message.text()


class ConfigError(ContentsvcError):
    """Raised if the service cannot start because of a missing or invalid setting."""

    def __init__(
        self, setting: str, message: Message | Mapping[str, str] | str, **params: Parameter
    ) -> None:
        """Create the error for *setting*, the name of an environment variable (`CONTENTSVC_…`)."""
        super().__init__(message, **params)
        self.setting = setting
        self.args = (setting, self.message)

    def __str__(self) -> str:
        return f"{self.setting}: {self.message}"


class DatabaseTooNewError(ConfigError):
    """Raised if a newer version of contentsvc has migrated the database."""


class InputError(ContentsvcError):
    """Raised if the input of a person or a file is not valid; nothing was changed."""

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        field: str | None = None,
        **params: Parameter,
    ) -> None:
        """Create the error; a web form shows it beside the field named *field*."""
        super().__init__(message, **params)
        self.field = field


class FieldsError(InputError):
    """Raised if several fields of a form are not valid; `errors` has an error for each."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        """Create the error from at least one other; its message lists theirs."""
        texts = {
            language: "; ".join(error.message.text(language) for error in errors)
            for language in LANGUAGES
        }
        super().__init__(Message.given(**texts), field=errors[0].field)
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a file that a person wrote, with its line and field."""

    #: 1-based line; 0 for a problem of the whole file.
    line: int
    #: Dotted path of the field, such as `entries[2].day`; empty for the whole file.
    field: str
    #: Explains the problem, and names the invalid value and the allowed values.
    message: Message

    def text(self, language: str = "en") -> str:
        """Return the problem as text in *language*, preceded by its line and field."""
        parts = [Message("at-line", line=self.line).text(language)] if self.line else []
        parts += [f"{self.field}: "] if self.field else []
        return f"{''.join(parts)}{self.message.text(language)}"

    def __str__(self) -> str:
        return self.text()


class CalendarError(InputError):
    """Raised if a calendar or channel file has problems. Nothing in the file was stored."""

    def __init__(self, file: str | Path, problems: list[Problem]) -> None:
        """Create the error with all *problems* of *file*, so that they can be fixed together."""
        self.file = str(file)
        self.problems = problems
        super().__init__({language: self.text(language) for language in LANGUAGES})
        self.args = (self.file, problems)

    def text(self, language: str = "en") -> str:
        """Return the problems as text in *language*, one per line with its file, line and field."""
        return "\n".join(f"{self.file}: {problem.text(language)}" for problem in self.problems)


class ConflictError(InputError):
    """Raised if another request changed the object first, or if the new object already exists."""


class NotFoundError(InputError):
    """Raised if the requested object, such as a calendar or an entry, does not exist."""


class NotPermittedError(ContentsvcError):
    """Raised if a person asks for something that the person's role does not allow."""


class PluginError(ContentsvcError):
    """Raised if a plugin is missing, incompatible or faulty."""


class RenderError(ContentsvcError):
    """Raised if a channel or a poster template cannot show the content of a post or poster."""

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        field: str | None = None,
        **params: Parameter,
    ) -> None:
        """Create the error; a web form shows it beside the field named *field*."""
        super().__init__(message, **params)
        self.field = field


class PublishError(ContentsvcError):
    """Base class of errors raised if an attempt to publish failed or its result is unknown."""

    retry_after: float | None = None

    def __init__(
        self,
        message: Message | Mapping[str, str] | str,
        *,
        retry_after: float | None = None,
        **params: Parameter,
    ) -> None:
        """Create the error with the reason and, if known, the seconds to wait before a new attempt.

        Args:
            message: why the attempt failed, often in the platform's own text.
            retry_after: seconds that the platform asks to wait, at most a week; None if it does
                not ask.
            params: the parameters of the message's code.

        Raises:
            TypeError: *retry_after* is not a number, such as the text of a header.
            ValueError: *retry_after* is negative or not finite.
        """
        super().__init__(message, **params)
        self.retry_after = (
            None if retry_after is None else seconds_to_wait("retry_after", retry_after)
        )


class TemporaryError(PublishError):
    """Raised if nothing was published and a later attempt may succeed."""


class RateLimitedError(TemporaryError):
    """Raised if nothing was published because the platform limits the rate of calls."""


class RejectedError(PublishError):
    """Raised if nothing was published and the platform will never accept this content."""


class ChannelAuthError(PublishError):
    """Raised if nothing was published because the platform refuses the channel's credentials."""


class OutcomeUnknownError(PublishError):
    """Raised if it is unknown whether an attempt has published the post."""
