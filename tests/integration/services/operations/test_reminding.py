"""Reminders: each problem is sent once, and a failed reminder is sent again."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from contentsvc.errors import OutcomeUnknownError, RejectedError
from contentsvc.services.channel_setup.channels import pause_channel
from contentsvc.services.operations.reminding import Reminder
from tests.integration.services.delivery.engine_world import Engine


class _Inbox(http.server.BaseHTTPRequestHandler):
    mails: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        """Store the message that apprise sends."""
        size = int(self.headers["Content-Length"])
        self.mails.append(json.loads(self.rfile.read(size)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield the address of a receiver of apprise's JSON messages, and the messages received."""
    _Inbox.mails.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Inbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}/", _Inbox.mails
        server.shutdown()


def reminder(engine: Engine, *addresses: str) -> Reminder:
    """Return a reminder that sends to *addresses*."""
    config = replace(engine.runtime.config, reminders=addresses)
    return Reminder(replace(engine.runtime, config=config))


def test_an_unknown_outcome_is_reminded_of_once(
    engine: Engine, inbox: tuple[str, list[dict[str, str]]]
) -> None:
    """A reminder of an unknown outcome has the entry's title and the link to settle it."""
    address, mails = inbox
    channel = engine.script("scripted")
    channel.script += [OutcomeUnknownError("cut off")]
    engine.plan()
    engine.due()
    engine.work()
    reminders = reminder(engine, address)
    reminders.send_news(engine.clock.turn(seconds=10))
    reminders.wait()
    assert mails == []

    for _ in range(2):
        reminders.send_news(engine.clock.turn(seconds=60))
        reminders.wait()

    (mail,) = mails
    assert mail["title"] == "contentsvc：有内容需要处理"
    assert "结果未知" in mail["message"]
    assert "冬季护肤小贴士" in mail["message"]
    assert f"/deliveries/{engine.delivery().id}" in mail["message"]


def test_a_failed_reminder_is_sent_again(engine: Engine) -> None:
    """A reminder that could not be sent is sent again in full after a minute."""
    channel = engine.script("scripted")
    channel.script += [RejectedError("含有敏感词")]
    engine.plan()
    engine.due()
    engine.work()
    answers = [False, True]
    sent: list[str] = []

    def send(title: str, text: str) -> bool:
        sent.append(f"{title}\n{text}")
        return answers.pop(0)

    config = replace(engine.runtime.config, reminders=("json://nowhere",))
    reminders = Reminder(replace(engine.runtime, config=config), send)
    for seconds in (61, 30, 31, 120):
        reminders.send_news(engine.clock.turn(seconds=seconds))
        reminders.wait()

    assert len(sent) == 2
    assert "含有敏感词" in sent[1]


def test_a_paused_channel_is_reminded_of(
    engine: Engine, inbox: tuple[str, list[dict[str, str]]]
) -> None:
    """A reminder of a paused channel has the reason."""
    address, mails = inbox
    engine.script("scripted")
    engine.plan()
    with engine.runtime.database.write() as session:
        pause_channel(session, "there", reason="invalid key", now=engine.clock.at)
    reminders = reminder(engine, address)
    reminders.send_news(engine.clock.turn(seconds=1))
    reminders.wait()

    assert "there：invalid key" in mails[0]["message"]
