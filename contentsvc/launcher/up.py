"""`contentsvc up`: runs every process of the service on one machine."""

from __future__ import annotations

import gc
import http.client
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from contentsvc.config import Config, shipped
from contentsvc.db import migrate
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError, ContentsvcError
from contentsvc.launcher.child import Child, Role
from contentsvc.launcher.locking import lock_data_dir
from contentsvc.launcher.sample import add_sample
from contentsvc.launcher.server import check_port
from contentsvc.launcher.supervisor import Supervisor
from contentsvc.private_files import tighten
from contentsvc.services.accounts import has_users, make_link
from contentsvc.services.runtime import Runtime

__all__ = ["run"]

logger = logging.getLogger(__name__)

#: Seconds within which a process must respond after its start; a slow machine needs ten.
_START_TIMEOUT = 90.0
#: Deaths of a process during the start after which `up` gives up.
_MOST_DEATHS = 3
#: Seconds that a worker gets, after its last call to a platform, to record the outcome.
_RECORDING = 10.0


def run(
    config: Config,
    assemble: Callable[[Config], Runtime],
    main: Callable[[Sequence[str]], object],
) -> None:
    """Start every process, print the sign-in link, and run until a signal to stop arrives.

    *assemble* returns the runtime for a configuration. Each process is a fork of this one that
    calls *main* with the arguments of its command. Before the processes start, the calendars folder
    is created if it does not exist, and the database is migrated. An empty database gets the sample
    week.

    Raises:
        ConfigError: a setting, the port, the database or the data folder cannot be used; no
            process was started.
        ContentsvcError: a process did not start or does not respond; all were stopped again.
    """
    with lock_data_dir(config.data_dir):
        check_port(config)
        _seed_calendars(config)
        runtime = assemble(config)
        _report_broken_plugins(runtime)
        supervisor = Supervisor(_show, main)
        supervisor.listen()
        with _closing(runtime.database):
            if migrate.upgrade(runtime.database):
                logger.info("Brought the database up to date", extra={"action": "migrated"})
        tighten(config)
        _supervise(supervisor, config, runtime)


@contextmanager
def _closing(database: Database) -> Iterator[None]:
    """Close the database after the `with` block.

    No connection may be open while a process is forked.
    """
    try:
        yield
    finally:
        database.close()


def _report_broken_plugins(runtime: Runtime) -> None:
    """Log an error for each plugin that could not be loaded."""
    for plugin in runtime.registry.plugins:
        if plugin.error:
            logger.error(
                "The plugin %s is not loaded: %s (%s)",
                plugin.name,
                plugin.error,
                plugin.origin,
                extra={"action": "plugin_broken", "plugin": plugin.name},
            )


class _StoppedError(Exception):
    """Raised if a signal to stop arrives before every process has started."""


def _supervise(supervisor: Supervisor, config: Config, runtime: Runtime) -> None:
    try:
        with _closing(runtime.database):
            link = _sign_in_address(runtime)
        # The garbage collector would write to the memory that the processes share.
        gc.collect()
        gc.freeze()
        _start(supervisor, config, runtime)
        _show_welcome(config, link)
        supervisor.run()
    except _StoppedError:
        pass
    finally:
        logger.info("Stopping", extra={"action": "stopping"})
        supervisor.stop()
    logger.info("Stopped", extra={"action": "stopped"})


def _start(supervisor: Supervisor, config: Config, runtime: Runtime) -> None:
    """Start every process, each after those that it depends on."""
    if config.redis_url is None:
        valkey = supervisor.start(Role("valkey", ("valkey",)))
        _await(supervisor, valkey, lambda: runtime.queue.stats().reachable)
    grace = config.call_timeout.total_seconds() + _RECORDING
    supervisor.start(Role("render", ("worker", "--queue", "render"), grace))
    for number in range(1, config.workers + 1):
        supervisor.start(Role(f"worker {number}", ("worker", "--queue", "publish"), grace))
    supervisor.start(Role("follow-up", ("worker", "--queue", "follow-up"), grace))
    supervisor.start(Role("dispatcher", ("dispatch",)))
    # The welcome post is due 20 seconds from here, so the sample is added as late as possible.
    with _closing(runtime.database):
        add_sample(runtime)
    web = supervisor.start(Role("web", ("web",)))
    _await(supervisor, web, lambda: _web_responds(config))


def _await(supervisor: Supervisor, child: Child, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while not ready():
        supervisor.turn(0.05)
        if supervisor.stop_signals:
            raise _StoppedError
        if child.deaths >= _MOST_DEATHS or time.monotonic() > deadline:
            line = child.last_line.removeprefix("error: ")
            if line:
                raise ContentsvcError("process-not-started", process=child.role.name, line=line)
            raise ContentsvcError("process-not-responding", process=child.role.name)


def _web_responds(config: Config) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104
    with closing(http.client.HTTPConnection(host, config.port, timeout=2)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _sign_in_address(runtime: Runtime) -> str:
    """Return the sign-in URL or, if there are no users, a URL to create the first administrator."""
    base = f"{runtime.config.public_url}/sign-in"
    with runtime.database.write() as session:
        if has_users(session):
            return base
        return f"{base}/{make_link(session, now=runtime.clock())}"


def _seed_calendars(config: Config) -> None:
    """Copy the shipped calendars to the calendars folder if that folder does not exist."""
    if config.calendars_dir.exists():
        return
    try:
        shutil.copytree(
            shipped("calendars"), config.calendars_dir, ignore=shutil.ignore_patterns(".*")
        )
    except OSError as error:
        raise ConfigError(
            "CONTENTSVC_CALENDARS_DIR",
            "calendars-dir-not-created",
            folder=str(config.calendars_dir),
            reason=error.strerror or str(error),
        ) from error


def _show(role: str, line: str) -> None:
    _write(f"{role:<10} | {line}\n")


def _show_welcome(config: Config, link: str) -> None:
    first = urlsplit(link).path.count("/") > urlsplit(config.public_url).path.count("/") + 1
    note = "works once, for 24 hours, and creates the first administrator" if first else ""
    _write(
        "\n  contentsvc is ready.\n\n"
        f"  Sign in: {link}\n"
        + (f"           ({note})\n" if note else "")
        + "  Stop:    Ctrl-C\n\n"
    )


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # The terminal was closed; keep publishing without it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - stays open
