"""The first start, from a checkout and from a wheel in an empty folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import select

from contentsvc.db.models import Delivery, Entry
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.worker.connections import socket_path
from tests.acceptance.running import TEST_SECONDS, Service, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(TEST_SECONDS)]

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel_command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the wheel, install it into an environment of its own, and return its command.

    It uses the dependencies of the test environment, so that no network is needed.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(_ROOT)]
    subprocess.run(build, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    home = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [*pip, "--python", str(home / "bin/python"), "install", "--no-deps"]
    subprocess.run([*install, "--force-reinstall", str(wheel)], check=True, timeout=120)
    return str(home / "bin/contentsvc")


@pytest.fixture(params=["checkout", "wheel"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """Return a service in an empty folder that has never been started."""
    command: tuple[str, ...] = (sys.executable, "-m", "contentsvc")
    if request.param == "wheel":
        command = (request.getfixturevalue("wheel_command"),)
    service = Service(tmp_path / "empty", command=command)
    service.folder.mkdir()
    yield service
    service.clean_up()


def _welcome(service: Service) -> bool:
    feed = feedparser.parse(service.read("/site/feed.atom"))
    return "欢迎使用 contentsvc" in [entry.title for entry in feed.entries]


def test_the_first_post_can_be_read_soon_after_the_link(service: Service) -> None:
    """The welcome post is on the page and in the feed within 90 seconds of the sign-in link.

    The board has the sample week. Entries before the start are drafts, and no delivery has failed
    or was missed.
    """
    began_at = datetime.now(UTC)
    link = service.start()
    linked = time.monotonic()
    until("the welcome post is in the feed", lambda: _welcome(service), 90)

    assert time.monotonic() - linked < 90
    assert link.startswith(f"{service.url}/sign-in/")
    assert "欢迎使用 contentsvc" in service.read("/site/").decode()
    assert (service.folder / "calendars/baby-benefits.yaml").is_file()
    _check_sample(service, began_at)
    _check_page(service, link)
    assert service.stop() == 0


def _check_page(service: Service, link: str) -> None:
    """Check that the page behind the link is in Chinese and that its files load."""
    page = service.read(link.removeprefix(service.url)).decode()
    assert re.search(r'<html[^>]* lang="zh', page)
    assert "管理员" in page
    loaded = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg|png)[^"]*)"', page)
    assert len(loaded) > 2
    for path in loaded:
        assert service.read(path)


def _check_sample(service: Service, began_at: datetime) -> None:
    url = f"sqlite:///{service.folder / 'var/contentsvc.db'}"
    with closing(Database(url)) as database, database.read() as session:
        entries = list(session.scalars(select(Entry)))
        statuses = set(session.scalars(select(Delivery.status)))
    past = [entry for entry in entries if entry.starts_at < began_at]
    coming = [entry for entry in entries if entry.starts_at >= began_at]
    assert len(entries) > 14
    assert {entry.status for entry in past} <= {EntryStatus.DRAFT}
    assert EntryStatus.APPROVED in {entry.status for entry in coming}
    assert not statuses & {DeliveryStatus.FAILED, DeliveryStatus.MISSED, DeliveryStatus.UNKNOWN}


def test_a_later_start_adds_no_second_sample(tmp_path: Path) -> None:
    """A second start adds no second sample week.

    The folder has a long Chinese name; its path is too long for a socket, which is elsewhere then.
    """
    service = Service(tmp_path / ("周历" * 20))
    try:
        service.start()
        assert service.stop() == 0
        service.start()
        until("the welcome post", lambda: _welcome(service), 90)

        feed = feedparser.parse(service.read("/site/feed.atom"))
        assert [entry.title for entry in feed.entries].count("欢迎使用 contentsvc") == 1
        assert "sample_brought" not in service.said()
        assert service.stop() == 0
        socket = socket_path((service.folder / "var/run/redis.url").read_text().strip())
        assert len(bytes(socket)) < 100
        shutil.rmtree(socket.parent)
    finally:
        service.clean_up()


def test_a_command_can_add_the_first_administrator(tmp_path: Path) -> None:
    """If a person was added before the start, the start prints the address of the sign-in page."""
    service = Service(tmp_path / "s", {"SAMPLE": "no"})
    service.folder.mkdir()
    try:
        service.ask("db", "upgrade")
        added = service.run("users", "add", "Mei", "--admin", text="a long enough secret\n")
        assert added.stdout == "added mei\n", added.stderr
        assert f"{service.url}/sign-in/" in service.ask("users", "link", "mei")

        assert service.start() == f"{service.url}/sign-in"
        assert service.stop() == 0
    finally:
        service.clean_up()
