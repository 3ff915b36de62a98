"""The commands `up`, `web`, `dispatch`, `worker` and `valkey`."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import click

from contentsvc import logs
from contentsvc.cli.runtime import open_runtime
from contentsvc.config import Config
from contentsvc.processes import set_title

if TYPE_CHECKING:
    from flask import Flask

    from contentsvc.services.ports import Queue

__all__ = ["dispatch", "up", "valkey", "web", "worker"]

#: The modules that the processes of `contentsvc up` import, with what those import in turn.
_IMPORTED_BY_ALL = (
    "contentsvc.launcher.web_worker",
    "contentsvc.app",
    "contentsvc.launcher.server",
    "contentsvc.launcher.valkey",
    "contentsvc.services.channel_setup.outdated",
    "contentsvc.services.delivery.dispatching",
    "contentsvc.services.operations.heartbeats",
    "contentsvc.worker.process",
)


@click.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C."""
    config = _settings()
    set_title("contentsvc up")
    # The processes are forks of this one, so that they need not import anything themselves.
    for name in _IMPORTED_BY_ALL:
        importlib.import_module(name)
    from contentsvc.assembly import assemble
    from contentsvc.cli import main
    from contentsvc.launcher.up import run

    run(config, assemble, main)


@click.command()
def web() -> None:
    """Run the web server alone."""
    config = _settings()
    from contentsvc.launcher.server import check_port, serve

    check_port(config)
    with open_runtime(config):
        pass
    serve(config, lambda: _web_app(config))


def _web_app(config: Config) -> Flask:
    """Start the thread that records this process's heartbeats, and return the web application."""
    from contentsvc.app import create_app
    from contentsvc.assembly import assemble
    from contentsvc.services.operations.heartbeats import HeartbeatThread

    runtime = assemble(config)
    # gunicorn starts another process, so that calls that never return end with this one.
    runtime.calls.on_stuck = partial(os.kill, os.getpid(), signal.SIGTERM)
    HeartbeatThread(runtime, "web").start()
    return create_app(runtime)


@click.command()
def dispatch() -> None:
    """Run one dispatcher, which claims due deliveries and enqueues them for the workers."""
    config = _settings()
    from contentsvc.services.channel_setup.outdated import pause_outdated
    from contentsvc.services.delivery.dispatching import Dispatcher
    from contentsvc.services.operations.heartbeats import process_name, remove_heartbeat

    with open_runtime(config) as runtime:
        pause_outdated(runtime)
        # The dispatcher records its own heartbeats, so that a dispatcher that hangs is noticed.
        Dispatcher(runtime, process_name()).run(_stopped_by_signal(runtime.queue))
        remove_heartbeat(runtime, "dispatcher", process_name())


@click.command()
@click.option(
    "--queue",
    type=click.Choice(["publish", "follow-up", "render"]),
    default="publish",
    show_default=True,
    help="publish: publish due deliveries; follow-up: ask the platforms about deliveries that were "
    "sent; render: make renditions and poster batches.",
)
def worker(queue: str) -> None:
    """Run one worker."""
    config = _settings()
    from contentsvc.worker import process

    run = {
        "publish": process.run_publish_worker,
        "follow-up": process.run_follow_up_worker,
        "render": process.run_render_worker,
    }[queue]
    with open_runtime(config) as runtime:
        run(runtime)


@click.command(hidden=True)
def valkey() -> None:
    """Run the embedded Valkey server; `contentsvc up` starts it."""
    config = _settings()
    from contentsvc.launcher.valkey import exec_valkey
    from contentsvc.worker.connections import embedded_url, socket_path

    exec_valkey(config.data_dir, socket_path(embedded_url(config.data_dir)))


def _settings() -> Config:
    """Read the settings, set up logging, and return the settings.

    Commands call this before their slow imports, so that an invalid setting is reported quickly.
    """
    config = Config.from_env()
    logs.setup(config.log_level)
    return config


def _stopped_by_signal(queue: Queue) -> threading.Event:
    """Return an event that becomes set when the process receives SIGTERM or SIGINT.

    The signals also wake a thread that waits on *queue*.
    """
    stop = threading.Event()

    def set_and_wake() -> None:
        stop.set()
        queue.wake()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # In a thread, because the code that the signal interrupts may hold the event's lock.
        threading.Thread(target=set_and_wake).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop
