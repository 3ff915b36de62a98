"""The real processes publish each post once, whatever is killed."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest

from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.running import PATIENCE, Service, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
_SETTINGS = {"SAMPLE": "no", "CALL_TIMEOUT": "4", "LEASE": "9", "WORKERS": "2"}

_CHANNELS = """\
channels:
  - {{name: site, type: site, settings: {{title: 试验站点}}}}
  - {{name: hand-over, type: folder, settings: {{path: "{folder}"}}}}
  - name: kept
    type: webhook
    settings: {{url: "{url}/kept", secret: {{$file: hook.secret}}, allow_private: true}}
  - name: lost
    type: webhook
    settings: {{url: "{url}/lost", secret: {{$file: hook.secret}}, allow_private: true}}
"""

_CALENDAR = """\
calendar: once
name: 只发一次
timezone: Asia/Shanghai
community: {{kind: interest, tier: 1}}
slots: {{晚间: "20:00"}}
channels: [{channels}]
week: {week}
entries:
  - key: only
    day: {day}
    time: "{time}"
    kind: post
    title: 只发一次的早安
    body: 大家早上好，今天也要好好吃饭。
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a webhook receiver."""
    with receiving(_SECRET) as receiver:
        yield receiver


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service that is ready to be started, and end what a test leaves of it."""
    service = Service(tmp_path / "s", _SETTINGS)
    service.folder.mkdir()
    yield service
    service.clean_up()


def _apply_channels(service: Service, receiver: Receiver) -> None:
    (service.folder / "hook.secret").write_text(_SECRET)
    text = _CHANNELS.format(folder=service.folder / "out", url=receiver.url)
    (service.folder / "channels.yaml").write_text(text, encoding="utf-8")
    service.ask("channels", "apply", "channels.yaml")


def _import_due(service: Service, seconds: float, channels: str) -> None:
    """Import and approve an entry that is due in some seconds."""
    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=seconds)
    text = _CALENDAR.format(
        channels=channels, week=f"{at:%G-W%V}", day=f"{at:%a}".lower(), time=f"{at:%H:%M:%S}"
    )
    (service.folder / "calendar.yaml").write_text(text, encoding="utf-8")
    service.ask("calendars", "import", "calendar.yaml", "--approve")


def _settled(service: Service) -> bool:
    return set(service.statuses()) == {"published"}


def _feed_titles(service: Service) -> list[str]:
    feed = feedparser.parse(service.read("/site/feed.atom"))
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def _caller(service: Service, port: int) -> int:
    """Return the process whose connection to the receiver has this local port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = [row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[9] != "0"]
    for pid in service.processes():
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            if handle.is_symlink() and str(handle.readlink()) == f"socket:[{inode}]":
                return pid
    raise AssertionError(f"nobody holds port {port}")


def test_a_killed_worker_neither_loses_nor_doubles_a_post(
    service: Service, receiver: Receiver
) -> None:
    """A worker is killed amid two calls, one taken and one not; each place has the post once."""
    service.start()
    _apply_channels(service, receiver)
    receiver.holds = True
    _import_due(service, 4, "site, hand-over, kept, lost")
    callers = {_caller(service, receiver.held.get(timeout=PATIENCE)) for _ in range(2)}

    for pid in callers:
        os.kill(pid, signal.SIGKILL)
    receiver.holds = False
    receiver.go_on.set()
    until("every delivery published", lambda: _settled(service))

    assert _feed_titles(service) == ["只发一次的早安"]
    assert len(list((service.folder / "out").rglob("manifest.json"))) == 1
    for path in ("/kept", "/lost"):
        assert receiver.titles(path) == ["只发一次的早安"]
        # The call that was cut off, and the one that settled it under the same id.
        assert [n for (at, _), n in receiver.requests.items() if at == path] == [2]
    assert service.stop() == 0


def test_a_stop_leaves_nothing_running_and_a_start_continues(
    service: Service, receiver: Receiver
) -> None:
    """Ctrl-C ends every process; what was still to come goes out after the next start, once."""
    first = service.start()
    _apply_channels(service, receiver)
    _import_due(service, 30, "site, kept")

    status = service.stop()

    assert status == 0
    assert service.processes() == {}
    assert not _settled(service)
    again = service.start()
    until("published after the restart", lambda: _settled(service))
    assert _feed_titles(service) == ["只发一次的早安"]
    assert [n for (at, _), n in receiver.requests.items() if at == "/kept"] == [1]
    # Nobody has signed in yet, so each start offers a link of its own.
    assert first != again
    assert service.stop(signal.SIGTERM) == 0
    assert service.processes() == {}


def test_a_stop_finishes_the_call_in_hand(service: Service, receiver: Receiver) -> None:
    """Ctrl-C while a platform is answering: the answer is waited for and written down."""
    service.start()
    _apply_channels(service, receiver)
    receiver.holds = True
    _import_due(service, 4, "kept")
    receiver.held.get(timeout=PATIENCE)

    assert service.process is not None
    service.process.send_signal(signal.SIGINT)
    until("it is stopping", lambda: "action=stopping" in service.said())
    receiver.go_on.set()

    assert service.process.wait(PATIENCE) == 0
    assert service.statuses() == ["published"]
    assert list(receiver.requests.values()) == [1]


def test_a_stop_amid_the_start_is_clean(service: Service) -> None:
    """Ctrl-C before it is ready: what has started already ends, and no link is printed."""
    service.begin()
    until("the database is there", lambda: "action=migrated" in service.said())

    assert service.stop() == 0
    assert service.processes() == {}
    assert "Sign in:" not in service.said()
    assert "Traceback" not in service.said()


def test_a_killed_supervisor_takes_everything_with_it(service: Service) -> None:
    """After `kill -9` of `contentsvc up` the kernel ends all others, and a new start works."""
    service.start()
    assert len(service.processes()) >= 7

    assert service.process is not None
    service.process.kill()
    service.process.wait()

    until("nothing is left", lambda: not service.processes())
    service.start()
    assert service.stop() == 0


def test_workers_outlive_the_queue(service: Service, receiver: Receiver) -> None:
    """Valkey is killed and started again; the same workers publish what comes due then."""
    service.start()
    _apply_channels(service, receiver)
    before = _children(service)
    (valkey,) = [pid for pid, words in before.items() if "valkey" in words]

    os.kill(valkey, signal.SIGKILL)
    _import_due(service, 4, "site, kept")
    until("published", lambda: _settled(service))

    after = _children(service)
    assert set(before) - set(after) == {valkey}
    assert receiver.titles("/kept") == ["只发一次的早安"]
    assert service.stop() == 0


def test_what_dies_is_started_again(service: Service) -> None:
    """Each child is killed in turn; the service comes back by itself."""
    service.start()
    before = set(_children(service))

    for pid in before:
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        now = set(_children(service))
        return len(now) == len(before) and not now & before

    until("every child replaced", replaced)
    until("healthy", lambda: _is_healthy(service))
    assert service.said().count("again_in_s=") >= len(before)
    assert service.stop() == 0


def _children(service: Service) -> dict[int, str]:
    """Return the processes that the supervisor itself started."""
    assert service.process is not None
    processes = service.processes().items()
    return {pid: words for pid, words in processes if _parent(pid) == service.process.pid}


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_healthy(service: Service) -> bool:
    try:
        return bool(service.read("/healthz"))
    except OSError:
        return False


def test_a_damaged_queue_file_does_not_keep_it_from_starting(service: Service) -> None:
    """The queue's file lost its tail in a power cut: it is mended, and the service starts."""
    service.start()
    assert service.stop() == 0
    (log,) = (service.folder / "var/valkey/appendonlydir").glob("*.incr.aof")
    with log.open("ab") as file:
        file.write(os.urandom(400))

    service.start()

    assert "queue_mended" in service.said()
    with closing(service.log.open(encoding="utf-8")) as lines:
        assert not [line for line in lines if "process_died" in line]
    assert service.stop() == 0
