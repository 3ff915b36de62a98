"""A process that has imported everything and forks the service's roles: each start costs little.

What it forks are processes of their own, as `contentsvc ROLE` makes them; they die with it.
It reads one JSON line for each start and writes one for each start and each end.
"""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from typing import Any, NoReturn

import gunicorn.arbiter
import redis
import rq

import contentsvc.app
import contentsvc.assembly
import contentsvc.cli.running
import contentsvc.db.migrate
import contentsvc.launcher.server
import contentsvc.launcher.valkey
import contentsvc.services.delivery.dispatching
import contentsvc.worker.process
from contentsvc.cli import main as contentsvc_main

#: A reference to the imports, so that no tool removes them as unused.
AHEAD = (contentsvc, gunicorn, redis, rq)


def main() -> None:
    """Fork the requested roles until the other end of the pipe is closed."""
    rest = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.02)
        if readable:
            block = os.read(0, 65536)
            if not block:
                return
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                _start(json.loads(line))
        _bury()


def _start(wanted: dict[str, Any]) -> None:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(["--parent", str(parent), *wanted["command"]], wanted["log"])
    _tell({"started": pid})


def _become(words: list[str], log: str) -> NoReturn:
    status = 1
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number in (1, 2):
            os.dup2(out, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = ["contentsvc", *words]
        contentsvc_main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        os._exit(status)


def _bury() -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            _tell({"ended": ended[0], "status": os.waitstatus_to_exitcode(ended[1])})


def _tell(what: dict[str, int]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
