"""The web server: gunicorn with some processes, each with several threads."""

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
from contentsvc.launcher.web_worker import BufferingWorker, max_body
from contentsvc.processes import die_with_parent, set_title

__all__ = ["check_port", "serve"]

#: A WSGI application: takes the request's environ and `start_response`, returns the body.
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Any]

#: Seconds that running requests get to finish when the server stops.
_GRACE = 8
_TITLE = "contentsvc web"
#: Seconds after which gunicorn replaces a worker process that no longer responds.
_SILENCE = 60


def serve(config: Config, make_app: Callable[[], WsgiApp]) -> None:
    """Run gunicorn with the application that *make_app* returns, until SIGTERM or SIGINT.

    gunicorn calls *make_app* in each worker process, after the fork.
    """
    _Server(config, make_app).run()


def check_port(config: Config) -> None:
    """Raise ConfigError if the web server cannot listen on the configured host and port.

    Raises:
        ConfigError: the host or port cannot be used; the error names CONTENTSVC_HOST or
            CONTENTSVC_PORT.
    """
    try:
        addresses = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ConfigError(
            "CONTENTSVC_HOST",
            "host-unknown",
            host=config.host,
            reason=error.strerror or str(error),
        ) from error
    family, kind, protocol, _, address = addresses[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        # As gunicorn does: connections of an earlier run may still be in TIME_WAIT.
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
            "port-in-use",
            port=config.port,
            host=config.host,
            other=_another(config.port),
        )
    if error.errno == errno.EACCES:
        return ConfigError("CONTENTSVC_PORT", "port-not-permitted", port=config.port)
    reason = error.strerror or str(error)
    return ConfigError("CONTENTSVC_HOST", "host-refused", host=config.host, reason=reason)


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000  # noqa: PLR2004 - the highest port


class _RootLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """A gunicorn logger that passes all records to Python's root logger."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        # gunicorn logs each of its own starts and stops at `info`.
        self.error_log.setLevel(max(logging.WARNING, logging.root.level))


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, config: Config, make_app: Callable[[], WsgiApp]) -> None:
        self._config = config
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        settings = {
            "bind": f"{host}:{self._config.port}",
            "workers": self._config.web_processes,
            "worker_class": BufferingWorker,
            "threads": self._config.web_threads,
            "graceful_timeout": _GRACE,
            "timeout": _SILENCE,
            "accesslog": None,
            "logger_class": _RootLogger,
            "pre_fork": _name_arbiter,
            "post_fork": _die_with_arbiter,
            "proc_name": "contentsvc",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    @property
    def max_body(self) -> int:
        """The size in bytes of the largest request body that a worker process receives."""
        return max_body(self._config.max_upload_bytes)

    def load(self) -> WsgiApp:
        return self._make_app()


def _name_arbiter(_arbiter: object, _worker: object) -> None:
    # In place of gunicorn's title, so that `ps` shows every process by its command.
    set_title(_TITLE)


def _die_with_arbiter(_arbiter: object, worker: Any) -> None:
    set_title(_TITLE)
    die_with_parent(worker.ppid or os.getppid())
