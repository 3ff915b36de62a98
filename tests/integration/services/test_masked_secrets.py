"""Whatever a plugin does with its channel's secret, no error, page, log line or export shows it."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from contentsvc.channels import (
    Accepted,
    Channel,
    ChannelSettings,
    HandOff,
    Receipt,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.cli.deliveries import _facts
from contentsvc.db.models import Attempt
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import (
    ChannelAuthError,
    InputError,
    OutcomeUnknownError,
    PluginError,
    PublishError,
    RejectedError,
    RenderError,
    TemporaryError,
)
from contentsvc.logs import LineFormatter
from contentsvc.messages import Message
from contentsvc.services.channel_setup import channels
from contentsvc.services.retracting import take_back
from tests.factories import make_channel, save_channel
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
_SECRET = "sk-7/Qx+geheim 09"
#: The secret as it is, percent-encoded and in a header.
_FORMS = f"{_SECRET} {quote(_SECRET, safe='')} {base64.b64encode(f'u:{_SECRET}'.encode()).decode()}"
#: What is left of the secret if a form of it is not masked.
_LEFT = (_SECRET, quote(_SECRET, safe=""), base64.b64encode(f"u:{_SECRET}".encode()).decode()[4:-4])


@pytest.fixture
def world(engine: Engine, caplog: pytest.LogCaptureFixture) -> Iterator[Engine]:
    """Give the scripted channel a secret setting; check at the end that nobody can read it."""
    kind = engine.script("scripted")

    class Settings(ChannelSettings):
        key: SecretStr = SecretStr(_SECRET)

    with pytest.MonkeyPatch.context() as patched, caplog.at_level(logging.DEBUG):
        patched.setattr(kind, "Settings", Settings)
        yield engine
        lines = "\n".join(LineFormatter().format(record) for record in caplog.records)
    _assert_masked(lines)


def _assert_masked(text: str) -> None:
    assert not [form for form in _LEFT if form in text], text


def _raise(error: BaseException) -> Any:
    raise error


def _log(text: str) -> Any:
    logging.getLogger("a.plugin").error("sent %s", text, extra={"header": text})
    raise RuntimeError(text)


#: What `publish` does with a text that contains the secret.
_ANSWERS: dict[str, Callable[[str], Any]] = {
    "refusal": lambda text: _raise(RejectedError(text)),
    "refusal in two languages": lambda text: _raise(RejectedError({"zh": text, "en": text})),
    "parameter": lambda text: _raise(TemporaryError("attempt-odd-response", reason=text)),
    "list": lambda text: _raise(TemporaryError("attempt-odd-response", reason=[text])),
    "credentials": lambda text: _raise(ChannelAuthError(text)),
    "unknown outcome": lambda text: _raise(OutcomeUnknownError(text)),
    "own error": lambda text: _raise(KeyError(text)),
    "cause": lambda text: _raise(_caused(text)),
    "cut in two": lambda text: _raise(RejectedError("x" * 1990 + text)),
    "log line": _log,
    "receipt": lambda text: Receipt(text, f"https://x.example/?k={text}"),
    "hand-off": lambda text: HandOff({"zh": text, "en": text}, f"https://x.example/?k={text}"),
    "accepted": Accepted,
    "odd answer": lambda text: Receipt(text.encode()),  # type: ignore[arg-type]  # on purpose
    "exit": lambda text: _raise(SystemExit(text)),
}


def _caused(text: str) -> PublishError:
    error = OutcomeUnknownError("no answer")
    error.__cause__ = OSError(text)
    return error


def _shown(engine: Engine) -> str:
    """Return what pages and exports show of the only delivery."""
    with engine.runtime.database.read() as session:
        attempts = [attempt.message.to_json() for attempt in session.query(Attempt)]
        paused = [row.paused_reason.to_json() for row in channels.all_channels(session)]
    delivery = engine.delivery()
    receipt = {k: v for k, v in (delivery.receipt or {}).items() if k not in {"token", "raw_id"}}
    return json.dumps([attempts, paused, delivery.error.to_json(), receipt], ensure_ascii=False)


@pytest.mark.parametrize("answer", _ANSWERS.values(), ids=_ANSWERS.keys())
def test_publish_shows_no_secret(world: Engine, answer: Callable[[str], Any]) -> None:
    """Errors, receipts, instructions, pauses and log lines of `publish` are masked."""
    kind = world.runtime.registry.channel_type("scripted")
    kind.script += [lambda: answer(_FORMS)]  # type: ignore[attr-defined]
    world.plan()
    world.due()
    world.work()

    assert world.delivery().status is not S.SCHEDULED
    _assert_masked(_shown(world))


def test_the_command_shows_neither_token_nor_raw_id(world: Engine) -> None:
    """`deliveries show` prints no token, which only the plugin needs."""
    kind = world.runtime.registry.channel_type("scripted")
    kind.script += [lambda: Accepted(_SECRET)]  # type: ignore[attr-defined]
    world.plan()
    world.due()
    world.work()
    assert (world.delivery().receipt or {})["token"] == _SECRET

    from contentsvc.services.deliveries import get_delivery

    with world.runtime.database.read() as session:
        facts = _facts(get_delivery(session, world.delivery().id))

    assert facts["receipt"] == {"poll_after": 15.0}


@pytest.mark.parametrize("asked", ["poll", "find"])
def test_follow_ups_show_no_secret(world: Engine, asked: str) -> None:
    """The answers of `find` and `poll` are masked as those of `publish` are."""
    kind: Any = world.script("scripted_findable")
    first = Accepted("t", 0) if asked == "poll" else OutcomeUnknownError("no answer")
    kind.script += [first, lambda: _raise(RejectedError(_SECRET))]
    kind.found += [lambda: _raise(RuntimeError(_SECRET))]
    world.plan("scripted_findable")
    world.due()
    world.work()
    world.clock.turn(minutes=2)
    world.work()

    with world.runtime.database.read() as session:
        actions = [attempt.action for attempt in session.query(Attempt)]
    assert actions == ["publish", asked]
    _assert_masked(_shown(world))


def test_a_receipt_with_a_secret_can_still_be_retracted(world: Engine) -> None:
    """The plugin gets the id as the platform gave it, although people see it masked."""
    kind: Any = world.runtime.registry.channel_type("scripted")
    kind.script += [Receipt(f"{_SECRET}/42")]
    world.plan()
    world.due()
    world.work()
    retracted: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kind, "retract", lambda _, receipt: retracted.append(receipt.id))
        take_back(world.runtime, world.delivery().id, by="mei")

    assert retracted == [f"{_SECRET}/42"]
    assert (world.delivery().receipt or {})["id"] == "••••••/42"
    _assert_masked(_shown(world))


class _Careless(Channel):
    """A channel that shows its secret wherever it can."""

    type = "scripted"
    label: ClassVar = {"zh": "泄漏", "en": "Careless"}
    where: ClassVar = ""

    def __init__(self, settings: Any, host: Any) -> None:
        super().__init__(settings, host)
        self._reach("constructor", PluginError)

    @property
    def account(self) -> str:
        """The account, or an error."""
        self._reach("account", RuntimeError)
        return "a"

    def render_post(self, entry: Any, context: Any) -> Any:
        """Render with a warning, or fail."""
        self._reach("render", RuntimeError)
        self._reach("refusal", RenderError)
        rendition = super().render_post(entry, context)
        level = WarningLevel.BLOCK if self.where == "warning" else WarningLevel.WARN
        object.__setattr__(
            rendition, "warnings", (RenditionWarning(level, "body", Message.plain(_SECRET)),)
        )
        return rendition

    def publish(self, rendition: Any, *, key: str) -> Any:
        """Fail, or answer with the secret."""
        self._reach("publish", RejectedError)
        return Receipt(_SECRET, f"https://x.example/{_SECRET}")

    def retract(self, receipt: Receipt) -> None:
        """Refuse."""
        self._reach("retract", RejectedError)
        self._reach("retract bug", RuntimeError)

    def _reach(self, where: str, kind: Callable[[str], Exception]) -> None:
        if self.where == where:
            raise kind(f"failed with {_SECRET}")


@pytest.mark.parametrize(
    "where",
    ["constructor", "account", "render", "refusal", "warning", "publish", "nowhere"],
)
def test_no_other_method_shows_a_secret(world: Engine, where: str) -> None:
    """Constructor, `account`, rendering and test sends show no secret in any error or warning."""
    kind: Any = world.runtime.registry.channel_type("scripted")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("__init__", "account", "render_post", "publish", "_reach"):
            patched.setattr(kind, name, getattr(_Careless, name), raising=False)
        patched.setattr(kind, "where", where, raising=False)
        world.plan()
        sent = channels.test_send(world.runtime, "there", language="en")
        with pytest.raises(InputError):
            take_back(world.runtime, world.delivery().id, by="mei")
        world.clock.turn(hours=9)
        world.work()

    _assert_masked(repr(sent) + str(sent.error) + _shown(world))


@pytest.mark.parametrize("where", ["retract", "retract bug"])
def test_a_retraction_shows_no_secret(world: Engine, where: str) -> None:
    """The refusal of a retraction is masked."""
    kind: Any = world.runtime.registry.channel_type("scripted")
    world.plan()
    world.due()
    world.work()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("retract", "_reach"):
            patched.setattr(kind, name, getattr(_Careless, name), raising=False)
        patched.setattr(kind, "where", where, raising=False)
        with pytest.raises(InputError, match="failed with") as raised:
            take_back(world.runtime, world.delivery().id, by="mei")

    _assert_masked(str(raised.value))


def test_a_validator_that_repeats_a_secret_is_masked(world: Engine) -> None:
    """The error of a settings form shows no secret, whatever the plugin's validator says."""
    from pydantic import field_validator

    class Settings(ChannelSettings):
        key: SecretStr

        @field_validator("key")
        @classmethod
        def _refuse(cls, value: SecretStr) -> SecretStr:
            raise ValueError(f"{value.get_secret_value()} is too weak")

    kind = world.runtime.registry.channel_type("scripted")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kind, "Settings", Settings)
        with (
            world.runtime.database.write() as session,
            pytest.raises(InputError, match="is too weak") as raised,
        ):
            save_channel(
                session,
                world.runtime.registry,
                name="weak",
                type="scripted",
                settings={"key": _SECRET},
                secret_key=world.runtime.config.secret_key,
                now=world.clock.at,
            )

    _assert_masked(str(raised.value))
    make_channel(world.runtime, "after", "scripted")
