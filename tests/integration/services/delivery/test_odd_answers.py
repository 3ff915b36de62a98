"""Whatever a plugin answers, its delivery ends with a clear message and harms no other."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import HttpUrl

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import RateLimitedError, TemporaryError
from contentsvc.messages import Message
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.channel_setup import channels
from contentsvc.services.delivery import sending
from contentsvc.services.delivery.backlog import Backlog
from contentsvc.services.delivery.publishing import Publisher
from contentsvc.services.delivery.tasks import judge
from tests.factories import make_entry
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


class _LooseReceipt(Receipt):
    """A receipt that skips the checks."""

    def __post_init__(self) -> None:
        """Check nothing."""


class _MuteError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("nothing to say")


class _UnmadeError(TemporaryError):
    """A publishing error without a message."""

    def __init__(self) -> None:
        """Leave the attributes out."""


def _raise(error: BaseException) -> Any:
    raise error


def _late_text() -> Any:
    error = RateLimitedError("slowly")
    error.retry_after = "60"  # type: ignore[assignment]
    raise error


async def _later() -> Receipt:
    return Receipt("1")


#: East of Greenwich this instant is before the first one that UTC can express.
_FIRST = datetime.min.replace(tzinfo=timezone(timedelta(hours=8)))

#: What the plugin does, and a part of the message that its author reads.
_ODD: dict[str, tuple[Callable[[], Any], str]] = {
    # The arguments are wrong on purpose.
    "wait as text": (
        lambda: _raise(RateLimitedError("x", retry_after="60")),  # type: ignore[arg-type]
        "must be a number of seconds, not str",
    ),
    "wait set later": (_late_text, "RateLimitedError"),
    "endless wait": (lambda: _raise(TemporaryError("x", retry_after=math.inf)), "finite"),
    "wait is no number": (lambda: _raise(TemporaryError("x", retry_after=math.nan)), "finite"),
    "negative wait": (lambda: _raise(TemporaryError("x", retry_after=-1)), "from 0"),
    "wait is a bool": (lambda: _raise(TemporaryError("x", retry_after=True)), "not bool"),
    "poll never": (lambda: Accepted("t", None), "poll_after must be a number"),  # type: ignore[arg-type]
    "poll at text": (lambda: Accepted("t", "15"), "not str"),  # type: ignore[arg-type]
    "poll in the end": (lambda: Accepted("t", math.inf), "finite"),
    "bytes token": (lambda: Accepted(b"t"), "Accepted.token must be a str"),  # type: ignore[arg-type]
    "no token": (lambda: Accepted(""), "Accepted.token is empty"),
    "no instructions": (lambda: HandOff(None), "not NoneType"),  # type: ignore[arg-type]
    "one instruction": (lambda: HandOff("post it"), "not str"),  # type: ignore[arg-type]
    "empty instructions": (lambda: HandOff({}), "is empty"),
    "instruction of nothing": (lambda: HandOff({"zh": None}), "not NoneType"),  # type: ignore[dict-item]
    "address object": (
        lambda: Receipt("1", HttpUrl("https://x.example")),  # type: ignore[arg-type]
        "pass str(url)",
    ),
    "long address": (lambda: Receipt("1", "https://x.example/" + "y" * 2000), "characters"),
    "naive time": (lambda: Receipt("1", None, datetime(2026, 11, 26, 12)), "no time zone"),  # noqa: DTZ001
    "time as text": (lambda: Receipt("1", None, "2026-11-26"), "not str"),  # type: ignore[arg-type]
    "first instant": (lambda: Receipt("1", None, _FIRST), "OverflowError"),
    "bytes id": (lambda: Receipt(b"1"), "Receipt.id must be a str, not bytes"),  # type: ignore[arg-type]
    "no id": (lambda: Receipt(" "), "Receipt.id is empty"),
    "unchecked id": (lambda: _LooseReceipt(b"1"), "Receipt.id must be a str"),  # type: ignore[arg-type]
    "nothing": (lambda: None, "not NoneType"),
    "a text": (lambda: "ok", "not str"),
    "a dictionary": (lambda: {"id": "1"}, "not dict"),
    "a coroutine": (_later, "async"),
    "a mute error": (lambda: _raise(_MuteError()), "_MuteError"),
    "the end": (lambda: _raise(SystemExit(3)), "SystemExit"),
    "an interrupt": (lambda: _raise(KeyboardInterrupt()), "KeyboardInterrupt"),
}


@pytest.mark.parametrize(("answer", "said"), _ODD.values(), ids=_ODD.keys())
def test_an_odd_answer_is_an_unknown_outcome(
    engine: Engine, answer: Callable[[], Any], said: str
) -> None:
    """The delivery becomes unknown with a message, and the worker publishes the next one."""
    channel = engine.script("scripted")
    channel.script += [answer]
    engine.plan()
    engine.due()
    engine.work()
    odd = engine.delivery()
    assert odd.status is S.UNKNOWN
    assert said in str(odd.error)

    with engine.runtime.database.read() as session:
        calendar = get_calendar(session, "baby-benefits")
    make_entry(engine.runtime, calendar, key="next", now=engine.clock.at)
    engine.turn()
    engine.work()

    assert [row.status for row in engine.deliveries() if row.id != odd.id] == [S.PUBLISHED]


def test_odd_values_in_an_error_are_shown_as_text(engine: Engine) -> None:
    """A message with parameters that no database can store is stored as text, cut and cleaned."""
    channel = engine.script("scripted")
    odd = {
        "status": b"503",
        "text": "a\0b" + "x" * 5000,
        "more": [object, _MuteError()],
        "n": math.nan,
    }
    channel.script += [TemporaryError(Message("platform-status", **odd))]  # type: ignore[arg-type]
    engine.plan()
    engine.due()

    engine.work()

    delivery = engine.delivery()
    assert delivery.status is S.RETRYING
    text = str(delivery.error)
    assert "503" in text
    assert "\0" not in text
    assert len(text) < 3000


def test_an_error_without_a_message_has_the_name_of_its_class(engine: Engine) -> None:
    """A subclass that never calls `__init__` still means what its base class means."""
    channel = engine.script("scripted")
    channel.script += [_UnmadeError()]
    engine.plan()
    engine.due()

    engine.work()

    assert engine.delivery().status is S.RETRYING
    assert str(engine.delivery().error) == "_UnmadeError"
    channel.script[:] = [_UnmadeError()]
    assert str(channels.test_send(engine.runtime, "there", language="en").error) == "_UnmadeError"


def test_a_number_is_a_receipt_s_id(engine: Engine) -> None:
    """Many platforms number their posts; the number is stored as text."""
    channel = engine.script("scripted")
    channel.script += [Receipt(42)]  # type: ignore[arg-type]
    engine.plan()
    engine.due()

    engine.work()

    assert engine.delivery().status is S.PUBLISHED
    assert engine.delivery().receipt == {"id": "42", "url": None}


@pytest.mark.parametrize(
    "account",
    [
        property(lambda _: 1 / 0),
        property(lambda _: _raise(SystemExit(3))),
        property(lambda _: None),
        property(lambda _: b"a"),
    ],
)
def test_an_odd_account_makes_its_delivery_wait(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, account: property
) -> None:
    """The delivery is not sent and says why; when the plugin is mended it goes out."""
    channel = engine.script("scripted")
    with monkeypatch.context() as patch:
        patch.setattr(channel, "account", account)
        engine.plan()
        engine.due()
        engine.work()
        waiting = engine.delivery()
    engine.clock.turn(seconds=120)
    engine.settle(5)

    assert waiting.status is S.SCHEDULED
    assert "there" in str(waiting.error)
    assert engine.delivery().status is S.PUBLISHED


@pytest.mark.parametrize("error", [RuntimeError("no such file"), SystemExit("no such file")])
def test_a_constructor_that_fails_makes_its_delivery_wait(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A plugin whose constructor raises any error keeps its delivery waiting, with the reason."""
    channel = engine.script("scripted")

    def fail(*_: object) -> None:
        raise error

    engine.plan()
    monkeypatch.setattr(channel, "__init__", fail)
    engine.due()
    engine.work()

    assert engine.delivery().status is S.SCHEDULED
    assert f"{type(error).__name__}: no such file" in str(engine.delivery().error)


@pytest.mark.parametrize("error", [RuntimeError("no such font"), SystemExit("no such font")])
def test_a_rendering_that_fails_fails_its_delivery(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A plugin that raises any error while it renders fails its delivery, with the reason."""
    channel = engine.script("scripted")
    monkeypatch.setattr(channel, "render_post", lambda *_: _raise(error))

    engine.plan()

    assert engine.delivery().status is S.FAILED
    assert "no such font" in str(engine.delivery().error)


def test_an_odd_quota_is_no_quota(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota of the wrong type is logged and ignored, and the delivery goes out."""
    channel = engine.script("scripted")
    monkeypatch.setattr(channel, "quota", property(lambda _: "5 a day"))
    engine.plan()
    engine.due()

    engine.work()

    assert engine.delivery().status is S.PUBLISHED


def test_a_result_that_cannot_be_judged_is_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error while one result is judged concerns this delivery only."""
    engine.script("scripted")

    def judge_once(*given: Any) -> Any:
        monkeypatch.setattr(sending, "judge", judge)
        raise ArithmeticError("no verdict")

    monkeypatch.setattr(sending, "judge", judge_once)
    engine.plan()
    engine.due()

    engine.work()

    assert engine.delivery().status is S.UNKNOWN
    assert "no verdict" in str(engine.delivery().error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_sender_that_fails_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sender's thread ends by a fault, the worker is told, which then ends itself."""
    failed = threading.Event()
    engine.publisher = Publisher(engine.runtime, "host:2", on_failure=failed.set)
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()

    def fail(*_: object) -> None:
        raise SystemError("broken")

    monkeypatch.setattr(Backlog, "pick", fail)
    for lane, claims in engine.take():
        engine.publisher.submit(lane, claims)

    assert failed.wait(10)


def test_odd_answers_to_a_test_message_are_shown(engine: Engine) -> None:
    """A person who sends a test message reads what is wrong with the plugin's answer."""
    channel = engine.script("scripted")
    engine.plan()
    for answer, said in _ODD.values():
        if said in {"RateLimitedError", "KeyboardInterrupt"}:
            # The first has a message of its own; the second is Ctrl-C in the web server.
            continue
        channel.script[:] = [answer]
        sent = channels.test_send(engine.runtime, "there", language="en")

        assert said in str(sent.error), answer
