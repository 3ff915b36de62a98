"""Fixtures: a browser, and the application with a sample week, served by a thread."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    expect,
    sync_playwright,
)
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from contentsvc import assembly
from contentsvc.app import create_app
from contentsvc.config import Config, shipped
from contentsvc.domain.weeks import Weekday
from contentsvc.services import accounts, planning
from contentsvc.services.calendar_files import calendar_folder
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.delivery.publishing import Publisher
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.planning import Usefulness
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from contentsvc.services.week_board import week_board
from tests.acceptance.by_hand import HandQueue, SteadyClock
from tests.acceptance.running import PATIENCE
from tests.acceptance.visitor import PASSWORD, WEEK, Site, Visitor
from tests.browser import find_browser
from tests.catalogues import compile_catalogues
from tests.factories import save_channel, share_statements
from tests.quick_apps import create_apps_quickly

_FONT = str(resources.files("justmytype_intl_cjk") / "fonts/ofl/notosanssc/NotoSansSC[wght].ttf")
#: Monday, 07:00 in Shanghai.
_BEFORE = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
#: Tuesday, 10:00 in Shanghai.
TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def _assembled(folder: Path, now: datetime) -> tuple[Runtime, SteadyClock, HandQueue]:
    """Return a runtime for the database and files in *folder*, with its clock and queue."""
    clock, queue = SteadyClock(now), HandQueue()
    config = Config.from_env(
        {
            "CONTENTSVC_DATA_DIR": str(folder / "var"),
            "CONTENTSVC_DATABASE_URL": f"sqlite:///{folder / 'contentsvc.db'}",
            "CONTENTSVC_CALENDARS_DIR": str(shipped("calendars")),
            "CONTENTSVC_MAX_UPLOAD_MB": "2",
        }
    )
    parts = assembly.assemble(config)
    share_statements(parts.database)
    return replace(parts, clock=clock, queue=queue), clock, queue


def _live_until(now: datetime, runtime: Runtime, clock: SteadyClock, queue: HandQueue) -> None:
    """Advance *clock* to *now* by 30 minutes at a time; run dispatcher and workers at each step."""
    dispatcher = Dispatcher(runtime, "test:1", monotonic=clock.ticks)
    while clock.now < now:
        clock.now = min(now, clock.now + timedelta(minutes=30))
        for _round in range(3):
            dispatcher.turn(clock.now)
            _work(runtime, queue)


def _work(runtime: Runtime, queue: HandQueue) -> None:
    renders, queue.renders = queue.renders, []
    Renderer(runtime).render_planned(renders)
    claims, queue.claims = queue.claims, []
    for lane, claim in claims:
        assert Publisher(runtime, "test:2").submit(lane, [claim]).wait_ended(PATIENCE)


@pytest.fixture(scope="session")
def _catalogues() -> None:
    compile_catalogues()


@pytest.fixture(scope="session")
def _quick_set_up() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        create_apps_quickly(monkeypatch)
        yield


@contextmanager
def _served(folder: Path, now: datetime) -> Iterator[Site]:
    runtime, _clock, queue = _assembled(folder, now)
    app = create_app(runtime)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with closing(runtime.database):
        yield Site(f"http://127.0.0.1:{server.server_port}", app, runtime, queue)
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def empty_site(
    tmp_path: Path, sqlite_url: str, _catalogues: None, _quick_set_up: None
) -> Iterator[Site]:
    """Serve the application with an empty database."""
    with _served(tmp_path, _BEFORE) as site:
        yield site


@pytest.fixture
def site(tmp_path: Path, _sample: Path, _catalogues: None, _quick_set_up: None) -> Iterator[Site]:
    """Serve the application on Tuesday morning of the sample week; Monday is published."""
    shutil.copytree(_sample, tmp_path, dirs_exist_ok=True)
    with _served(tmp_path, TODAY) as site:
        yield site


@pytest.fixture(scope="session")
def _sample(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Path:
    """Return a folder with the database and files of the sample week on its Tuesday.

    Its Monday has been rendered and published. The processes of one run share the folder; every
    test copies it.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _live_sample_week(tmp_path_factory.mktemp("sample"), _sqlite_template)
    folder = tmp_path_factory.getbasetemp().parent / "sample"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = tmp_path_factory.mktemp("sample")
            _live_sample_week(part, _sqlite_template).rename(folder)
    return folder


def _live_sample_week(folder: Path, empty: Path) -> Path:
    """Run the sample week up to its Tuesday in *folder*, and return *folder*.

    *empty* is a fresh database, which is copied.
    """
    shutil.copy(empty, folder / "contentsvc.db")
    runtime, clock, queue = _assembled(folder, _BEFORE)
    with closing(runtime.database) as database:
        with database.write() as session:
            _fill(session, runtime)
        _live_until(TODAY, runtime, clock, queue)
        with database.write() as session:
            _beat_all(session)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def _fill(session: Session, runtime: Runtime) -> None:
    """Create an admin, a channel and the sample calendar; approve its Monday and Tuesday."""
    password_hash = accounts.hash_password(PASSWORD)
    accounts.create_user(
        session, name="mei", password_hash=password_hash, is_admin=True, now=_BEFORE
    )
    save_channel(
        session,
        runtime.registry,
        name="site",
        type="site",
        settings={},
        secret_key=runtime.config.secret_key,
        now=_BEFORE,
    )
    calendar_folder.import_from_folder(
        session,
        calendar_folder.read_from_folder(runtime.config.calendars_dir, "baby-benefits.yaml"),
        now=_BEFORE,
        by="sample",
        usefulness=Usefulness.of(runtime.config),
        week=WEEK,
    )
    _approve(session, runtime, {Weekday.MON, Weekday.TUE})


def _beat_all(session: Session) -> None:
    workers = [("worker", {"queue": queue}) for queue in ("publish", "follow-up", "render")]
    for number, (role, detail) in enumerate((("web", {}), ("dispatcher", {}), *workers), 7):
        record_heartbeat(
            session, role=role, name=f"plan:{number}", started_at=_BEFORE, now=TODAY, detail=detail
        )


def _approve(session: Session, runtime: Runtime, days: set[Weekday]) -> None:
    calendar = get_calendar(session, "baby-benefits")
    board = week_board(session, calendar, WEEK, now=_BEFORE)
    for cell in (cell for row in board.rows for cell in row.cells if cell.day.weekday in days):
        for card in cell.cards:
            planning.approve_entry(
                session,
                card.entry.id,
                card.entry.rev,
                by="mei",
                now=_BEFORE,
                usefulness=Usefulness.of(runtime.config),
            )


#: A window may close while the server is still sending it a static file.
_CUT_OFF = (
    r"ignore:Exception ignored in. <_io.FileIO name='.*/static/"
    ":pytest.PytestUnraisableExceptionWarning"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignore the warning for browser tests whose window closes during a download."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.filterwarnings(_CUT_OFF))


#: Milliseconds to wait for a page. Painting a poster takes long on a busy machine.
_PATIENCE = 90_000
expect.set_options(timeout=_PATIENCE)


@pytest.fixture(scope="session")
def _fonts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a fontconfig file with the Chinese font of the posters, for machines without one."""
    folder = tmp_path_factory.mktemp("fonts")
    shutil.copy(_FONT, folder / "NotoSansSC.ttf")
    config = folder / "fonts.conf"
    config.write_text(
        f"<fontconfig><dir>{folder}</dir><dir>/usr/share/fonts</dir>"
        '<match target="pattern"><edit name="family" mode="prepend" binding="strong">'
        "<string>Noto Sans SC</string></edit></match>"
        f"<cachedir>{folder}/cache</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return str(config)


@pytest.fixture(scope="session")
def _chromium(_fonts: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=find_browser(),
            env={**os.environ, "FONTCONFIG_FILE": _fonts},
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def _visit(
    browser: Browser, site: Site, *, width: int = 1360, height: int = 800, is_phone: bool = False
) -> Visitor:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        has_touch=is_phone,
        is_mobile=is_phone,
    )
    context.set_default_timeout(_PATIENCE)
    visitor = Visitor(context, context.new_page(), site)
    visitor.watch(visitor.page)
    return visitor


@pytest.fixture
def newcomer(_chromium: Browser, empty_site: Site) -> Iterator[Visitor]:
    """Open a window on the application with an empty database."""
    visitor = _visit(_chromium, empty_site)
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


@pytest.fixture
def mei(_chromium: Browser, site: Site) -> Iterator[Visitor]:
    """Open a window of the signed-in admin on the sample week."""
    visitor = _visit(_chromium, site)
    visitor.take_session()
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


@pytest.fixture
def mei_on_phone(_chromium: Browser, site: Site) -> Iterator[Visitor]:
    """Open a phone-sized window of the signed-in admin on the sample week."""
    visitor = _visit(_chromium, site, width=390, height=844, is_phone=True)
    visitor.take_session()
    yield visitor
    visitor.context.close()
    assert visitor.faults == []
