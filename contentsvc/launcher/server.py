"""The web server: gunicorn, one process with threads."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from contentsvc.config import Config
from contentsvc.errors import ConfigError
from contentsvc.processes import die_with_parent

__all__ = ["check_port", "serve"]

#: A WSGI application and what is to be done once it is loaded.
type_of_app = Callable[[dict[str, Any], Callable[..., Any]], Any]

#: Seconds in which requests in hand are finished when the server stops.
_GRACE = 8
#: Seconds after which a server process that shows no sign of life is replaced.
_SILENCE = 60


def serve(config: Config, make_app: Callable[[], type_of_app]) -> None:
    """Serve until SIGTERM or SIGINT; *make_app* is called in the process that serves."""
    _Server(config, make_app).run()


def check_port(config: Config) -> None:
    """Raise ConfigError where the web server could not listen."""
    try:
        found = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ConfigError(
            "CONTENTSVC_HOST", f"{config.host!r} is no address of this machine ({error.strerror})"
        ) from error
    family, kind, protocol, _, address = found[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        # As gunicorn does: connections of an earlier run that still fade away are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise _port_error(config, error) from error


def _port_error(config: Config, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            "CONTENTSVC_PORT",
            f"port {config.port} on {config.host} is in use by another program; stop that one, or "
            f"set another port, such as CONTENTSVC_PORT={_another(config.port)}",
        )
    if error.errno == errno.EACCES:
        return ConfigError(
            "CONTENTSVC_PORT",
            f"this user may not listen on port {config.port}; set one above 1023",
        )
    return ConfigError(
        "CONTENTSVC_HOST", f"cannot listen on {config.host!r}: {error.strerror or error}"
    )


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000  # noqa: PLR2004 - the last port there is


class _Lines(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Sends gunicorn's lines the way of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        # It reports every start and stop of its own at `info`.
        self.error_log.setLevel(max(logging.WARNING, logging.root.level))


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, config: Config, make_app: Callable[[], type_of_app]) -> None:
        self._config = config
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        settings = {
            "bind": f"{host}:{self._config.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._config.web_threads,
            "graceful_timeout": _GRACE,
            "timeout": _SILENCE,
            "keepalive": 5,
            "accesslog": None,
            "logger_class": _Lines,
            "post_fork": _tie,
            "proc_name": "contentsvc",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> type_of_app:
        return self._make_app()


def _tie(_arbiter: object, worker: Any) -> None:
    die_with_parent(worker.ppid or os.getppid())
