"""The real processes publish each post once, even if processes are killed."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest

from tests.acceptance.receiver import Receiver, receiving
from tests.acceptance.running import PATIENCE, TEST_SECONDS, Service, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(TEST_SECONDS)]

_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
#: Seconds in which the kernel ends the children of a killed supervisor, on a busy machine. Children
#: that end by a time-out of their own take longer.
_DEATH_SECONDS = 15
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
calendar: {slug}
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
    title: {title}
    body: 大家早上好，今天也要好好吃饭。
"""


@dataclass(frozen=True)
class _Family:
    """The service that the tests of this module share, and the receiver of its webhooks."""

    service: Service
    receiver: Receiver


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Family]:
    """Start the service once with its channels; each test may stop it."""
    service = Service(tmp_path_factory.mktemp("once") / "s", _SETTINGS)
    with receiving(_SECRET) as receiver:
        try:
            service.start()
            _apply_channels(service, receiver)
            yield _Family(service, receiver)
        finally:
            service.clean_up()


@pytest.fixture
def receiver(family: _Family) -> Receiver:
    """Return the receiver of the webhooks, without the requests of earlier tests."""
    family.receiver.reset()
    return family.receiver


@pytest.fixture
def service(family: _Family, receiver: Receiver) -> Service:
    """Return the running service; start it again if an earlier test stopped it."""
    if not family.service.is_running:
        family.service.start()
    return family.service


def _apply_channels(service: Service, receiver: Receiver) -> None:
    (service.folder / "hook.secret").write_text(_SECRET)
    text = _CHANNELS.format(folder=service.folder / "out", url=receiver.url)
    (service.folder / "channels.yaml").write_text(text, encoding="utf-8")
    service.ask("channels", "apply", "channels.yaml")


_numbers = count(1)


@dataclass(frozen=True)
class _Post:
    """The only post of a calendar."""

    service: Service
    slug: str
    title: str

    def statuses(self) -> list[str]:
        """Return the status of each of the post's deliveries."""
        return self.service.statuses(self.slug)

    def is_published(self) -> bool:
        """Return whether every channel has published the post."""
        return set(self.statuses()) == {"published"}

    def count_in_feed(self) -> int:
        """Return how many items of the site's feed have the post's title."""
        feed = feedparser.parse(self.service.read("/site/feed.atom"))
        assert not feed.bozo
        return [entry.title for entry in feed.entries].count(self.title)


def _import_due(service: Service, seconds: float, channels: str) -> _Post:
    """Import and approve a post that is due in *seconds*."""
    number = next(_numbers)
    post = _Post(service, f"once-{number}", f"只发一次的早安 {number}")
    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=seconds)
    text = _CALENDAR.format(
        slug=post.slug,
        title=post.title,
        channels=channels,
        week=f"{at:%G-W%V}",
        day=f"{at:%a}".lower(),
        time=f"{at:%H:%M:%S}",
    )
    (service.folder / "calendar.yaml").write_text(text, encoding="utf-8")
    service.ask("calendars", "import", "calendar.yaml", "--approve")
    return post


def _caller(service: Service, port: int) -> int:
    """Return the id of the process whose connection to the receiver has the local port *port*."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = [row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[9] != "0"]
    for pid in service.processes():
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            if handle.is_symlink() and str(handle.readlink()) == f"socket:[{inode}]":
                return pid
    raise AssertionError(f"no process has port {port}")


def test_a_killed_worker_neither_loses_nor_doubles_a_post(
    service: Service, receiver: Receiver
) -> None:
    """Workers are killed during two calls, one accepted and one lost; each channel has one post."""
    receiver.holds = True
    post = _import_due(service, 4, "site, hand-over, kept, lost")
    callers = {_caller(service, receiver.held.get(timeout=PATIENCE)) for _ in range(2)}

    for pid in callers:
        os.kill(pid, signal.SIGKILL)
    receiver.holds = False
    receiver.go_on.set()
    until("every delivery published", post.is_published)

    assert post.count_in_feed() == 1
    manifests = (service.folder / "out").rglob("manifest.json")
    assert [post.title in file.read_text("utf-8") for file in manifests].count(True) == 1
    for path in ("/kept", "/lost"):
        assert receiver.titles(path) == [post.title]
        # The interrupted call, and the call that repeated it with the same id.
        assert [n for (at, _), n in receiver.requests.items() if at == path] == [2]
    assert service.stop() == 0


def test_a_stop_leaves_nothing_running_and_a_start_continues(
    service: Service, receiver: Receiver
) -> None:
    """Ctrl-C ends every process; after the next start, a post due later is published once."""
    # On a busy machine the stop may take longer than the post has time; then it gets more time.
    for seconds in (10, 30, 90):
        first = service.link
        post = _import_due(service, seconds, "site, kept")

        status = service.stop()

        assert status == 0
        assert service.processes() == {}
        if not post.is_published():
            break
        receiver.reset()
        service.start()
    else:
        pytest.fail("every post was published before the service had stopped")
    again = service.start()
    until("published after the restart", post.is_published)
    assert post.count_in_feed() == 1
    assert [n for (at, _), n in receiver.requests.items() if at == "/kept"] == [1]
    # No one has signed in yet, so each start prints a new link.
    assert first != again
    assert service.stop(signal.SIGTERM) == 0
    assert service.processes() == {}


def test_a_stop_finishes_the_call_in_hand(service: Service, receiver: Receiver) -> None:
    """Ctrl-C during a call: the worker waits for the response and records it."""
    receiver.holds = True
    post = _import_due(service, 4, "kept")
    receiver.held.get(timeout=PATIENCE)

    assert service.process is not None
    service.process.send_signal(signal.SIGINT)
    until("it is stopping", lambda: "action=stopping" in service.said())
    receiver.go_on.set()

    assert service.process.wait(PATIENCE) == 0
    assert post.statuses() == ["published"]
    assert list(receiver.requests.values()) == [1]


def test_a_stop_during_the_start_is_clean(tmp_path: Path) -> None:
    """Ctrl-C during the start ends the processes that run already; no link is printed."""
    service = Service(tmp_path / "s", _SETTINGS)
    try:
        service.begin()
        until("the database is there", lambda: "action=migrated" in service.said())

        assert service.stop() == 0
        assert service.processes() == {}
        assert "Sign in:" not in service.said()
        assert "Traceback" not in service.said()
    finally:
        service.clean_up()


def test_a_killed_supervisor_takes_everything_with_it(service: Service) -> None:
    """After `kill -9` of `contentsvc up` no process is left, and a new start works."""
    assert len(service.processes()) >= 7

    assert service.process is not None
    service.process.kill()
    service.process.wait()

    until("nothing is left", lambda: not service.processes(), _DEATH_SECONDS)
    service.start()
    assert _is_healthy(service)
    assert service.stop() == 0


def test_the_supervisor_may_fork_at_any_time(service: Service) -> None:
    """`contentsvc up` has one thread and no open database, as decision 10 demands."""
    assert service.process is not None
    supervisor = Path(f"/proc/{service.process.pid}")

    files = [str(handle.readlink()) for handle in (supervisor / "fd").iterdir()]

    assert not [file for file in files if "contentsvc.db" in file]
    assert len(list((supervisor / "task").iterdir())) == 1
    titles = sorted(words for words in _children(service).values() if "valkey" not in words)
    assert titles == [
        "contentsvc dispatch",
        "contentsvc web",
        "contentsvc worker --queue follow-up",
        "contentsvc worker --queue publish",
        "contentsvc worker --queue publish",
        "contentsvc worker --queue render",
    ]


def test_workers_outlive_the_queue(service: Service, receiver: Receiver) -> None:
    """Valkey is killed and restarted; the same workers publish a post that is due later."""
    before = _children(service)
    (valkey,) = [pid for pid, words in before.items() if "valkey" in words]

    os.kill(valkey, signal.SIGKILL)
    post = _import_due(service, 4, "site, kept")
    until("published", post.is_published)

    after = _children(service)
    assert set(before) - set(after) == {valkey}
    assert receiver.titles("/kept") == [post.title]
    assert service.stop() == 0


def test_killed_processes_are_restarted(service: Service) -> None:
    """All children are killed; the supervisor replaces each, and the service is healthy again."""
    before = set(_children(service))
    restarts = service.said().count("again_in_s=")

    for pid in before:
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        now = set(_children(service))
        return len(now) == len(before) and not now & before

    until("every child replaced", replaced)
    until("healthy", lambda: _is_healthy(service))
    assert service.said().count("again_in_s=") - restarts >= len(before)
    assert service.stop() == 0


def _children(service: Service) -> dict[int, str]:
    """Return the command lines of the processes that the supervisor started, by process id."""
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


def test_an_older_backup_publishes_nothing_twice(service: Service, receiver: Receiver) -> None:
    """What went out after the backup is recognized by the platforms that can tell."""
    post = _import_due(service, 15, "site, hand-over, kept")
    until("planned", lambda: len(post.statuses()) == 3)
    service.ask("db", "backup", "--to", "before.db")
    assert "published" not in post.statuses()
    until("published", post.is_published)
    assert service.stop() == 0

    out = service.ask("db", "restore", "--from", "before.db")

    assert "deliveries that may be out since: 3" in out
    assert set(post.statuses()) == {"unknown"}
    service.start()
    until("settled", lambda: set(post.statuses()) <= {"published", "unknown"})
    assert post.count_in_feed() == 1
    assert receiver.titles("/kept") == [post.title]
    assert service.stop() == 0


def test_a_damaged_queue_file_does_not_keep_it_from_starting(service: Service) -> None:
    """The end of the queue's file is damaged, as by a power cut; it is repaired at the start."""
    assert service.stop() == 0
    (log,) = (service.folder / "var/valkey/appendonlydir").glob("*.incr.aof")
    with log.open("ab") as file:
        file.write(os.urandom(400))

    service.start()

    assert "queue_mended" in service.said()
    with closing(service.log.open(encoding="utf-8")) as lines:
        assert not [line for line in lines if "process_died" in line]
    assert service.stop() == 0
