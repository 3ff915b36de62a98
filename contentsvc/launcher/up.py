"""`contentsvc up`: everything on one machine."""

from __future__ import annotations

import http.client
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

from contentsvc.config import Config, shipped
from contentsvc.db import migrate
from contentsvc.errors import ConfigError, ContentsvcError
from contentsvc.launcher.child import Child, Role
from contentsvc.launcher.locking import lock_data_dir
from contentsvc.launcher.sample import bring_sample
from contentsvc.launcher.server import check_port
from contentsvc.launcher.supervisor import Supervisor
from contentsvc.services.accounts import has_users, make_link
from contentsvc.services.runtime import Runtime

__all__ = ["run"]

logger = logging.getLogger(__name__)

#: Seconds in which everything must answer; a slow machine takes ten.
_READY = 90.0
#: Deaths while starting after which it is given up.
_MOST_DEATHS = 3
#: Seconds beyond one call to a platform that a worker gets to note the outcome.
_NOTING = 10.0


def run(config: Config, assemble: Callable[[Config], Runtime]) -> None:
    """Start everything, print the one sign-in link, and keep it running until told to stop.

    Raises:
        ConfigError: a setting, the port, the database or the data folder keeps it from starting;
            nothing was started.
    """
    with lock_data_dir(config.data_dir):
        check_port(config)
        _seed_calendars(config)
        runtime = assemble(config)
        supervisor = Supervisor(_show)
        supervisor.listen()
        try:
            if migrate.upgrade(runtime.database):
                logger.info("Brought the database up to date", extra={"action": "migrated"})
            _supervise(supervisor, config, runtime)
        finally:
            runtime.database.close()


class _StoppedError(Exception):
    """It was told to stop before everything had started."""


def _supervise(supervisor: Supervisor, config: Config, runtime: Runtime) -> None:
    try:
        link = _link(runtime)
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
    """Start each part when those it needs are there."""
    if config.redis_url is None:
        valkey = supervisor.start(Role("valkey", ("valkey",)))
        _await(supervisor, valkey, lambda: runtime.queue.stats().reachable)
    grace = config.call_timeout.total_seconds() + _NOTING
    supervisor.start(Role("render", ("worker", "--queue", "render"), grace))
    for number in range(1, config.workers + 1):
        supervisor.start(Role(f"worker {number}", ("worker", "--queue", "publish"), grace))
    supervisor.start(Role("dispatcher", ("dispatch",)))
    # Between the migration and the answer, so that the welcome post's time is still to come.
    bring_sample(runtime)
    web = supervisor.start(Role("web", ("web",)))
    _await(supervisor, web, lambda: _answers(config))


def _await(supervisor: Supervisor, child: Child, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY
    while not ready():
        supervisor.turn(0.05)
        if supervisor.told:
            raise _StoppedError
        if child.deaths >= _MOST_DEATHS or time.monotonic() > deadline:
            words = child.last_line.removeprefix("error: ") or "it does not answer"
            raise ContentsvcError(f"{child.role.name} does not start; its last words: {words}")


def _answers(config: Config) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104
    with closing(http.client.HTTPConnection(host, config.port, timeout=2)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _link(runtime: Runtime) -> str:
    """Return the address to sign in: on a first run one that makes the first administrator."""
    base = f"{runtime.config.public_url}/sign-in"
    with runtime.database.write() as session:
        if has_users(session):
            return base
        return f"{base}/{make_link(session, now=runtime.clock())}"


def _seed_calendars(config: Config) -> None:
    """Make the calendars folder, with the calendars that came along, where there is none."""
    if config.calendars_dir.exists():
        return
    try:
        shutil.copytree(
            shipped("calendars"), config.calendars_dir, ignore=shutil.ignore_patterns(".*")
        )
    except OSError as error:
        raise ConfigError(
            "CONTENTSVC_CALENDARS_DIR",
            f"{config.calendars_dir} cannot be made ({error.strerror or error}); give a folder "
            "that this user may write",
        ) from error


def _show(role: str, line: str) -> None:
    _write(f"{role:<10} | {line}\n")


def _show_welcome(config: Config, link: str) -> None:
    first = urlsplit(link).path.count("/") > urlsplit(config.public_url).path.count("/") + 1
    note = "works once, for 24 hours, and makes the first administrator" if first else ""
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
        # The terminal has gone; what is to be published is not held up by that.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - kept open
