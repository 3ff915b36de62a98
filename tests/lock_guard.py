"""Finds slow work in write transactions, which block every other writer.

On SQLite a write transaction holds the only write lock, so that nothing is published meanwhile.
Decoding pictures, hashing passwords, painting, reading YAML, writing files, using the network and
running a plugin's code take an unlimited time; they must happen before or after the transaction.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import yaml
from pydantic import BaseModel
from sqlalchemy.orm import Session

from contentsvc.db.session import Database
from contentsvc.services import accounts

__all__ = ["LockGuard"]

#: Events of Python's audit hooks that touch disks, processes or the network.
_SLOW_EVENTS = frozenset(
    {
        "os.listdir",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "shutil.rmtree",
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
    }
)
#: Functions that take long, by the object that has them.
_SLOW_FUNCTIONS: tuple[tuple[Any, str], ...] = (
    (PIL.Image, "open"),
    (PIL.Image, "new"),
    (accounts, "generate_password_hash"),
    (accounts, "check_password_hash"),
    (yaml, "parse"),
    # The settings of a plugin's channels; its validators are the plugin's own code.
    (BaseModel, "model_validate"),
)


@dataclass
class LockGuard:
    """Records slow work that one thread does in a write transaction, and the time of each."""

    #: The folder of the code whose work is recorded.
    product: str = "contentsvc"
    #: What was done, each with the lines of the product that led there.
    faults: list[str] = field(default_factory=list)
    #: CPU seconds in each write transaction.
    seconds: list[float] = field(default_factory=list)
    _local: threading.local = field(default_factory=threading.local)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Watch every write transaction of this process until *monkeypatch* is undone."""
        monkeypatch.setattr(Database, "write", self._watched(Database.write))
        for owner, name in _SLOW_FUNCTIONS:
            monkeypatch.setattr(owner, name, self._refused(owner, name))
        _hook_once()
        monkeypatch.setitem(_GUARDS, id(self), self)

    def _watched(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def watched(database: Database) -> Iterator[Session]:
            # Frame 1 is contextlib's; frame 2 has the `with` statement.
            is_product = self._is_product(sys._getframe(2).f_code.co_filename)
            with write(database) as session:
                began = time.thread_time()
                self._local.is_writing = is_product
                try:
                    yield session
                finally:
                    self._local.is_writing = False
                    if is_product:
                        self.seconds.append(time.thread_time() - began)

        return watched

    def _refused(self, owner: Any, name: str) -> Any:
        function = getattr(owner, name)
        plain = getattr(function, "__func__", function)

        @wraps(plain)
        def refused(*args: Any, **kwargs: Any) -> Any:
            self.note(f"{owner.__name__}.{name}")
            return plain(*args, **kwargs)

        return classmethod(refused) if plain is not function else refused

    def _is_product(self, file: str) -> bool:
        """Return whether *file* belongs to the code that is watched, not to tests or libraries."""
        return Path(os.path.relpath(file)).parts[0] == self.product

    def note(self, what: str) -> None:
        """Record *what* as a fault if this thread is in a write transaction."""
        if not getattr(self._local, "is_writing", False):
            return
        lines = [
            f"{os.path.relpath(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
            for frame, line in traceback.walk_stack(None)
            if self._is_product(frame.f_code.co_filename)
        ]
        if lines:
            self.faults.append("\n    ".join([what, *reversed(lines[:8])]))


#: The guards that are installed now. A hook of the interpreter cannot be removed.
_GUARDS: dict[int, LockGuard] = {}
_hooked: list[bool] = []


def _hook_once() -> None:
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not _GUARDS:
        return
    if event == "open" and _is_small_read(args[0]):
        return
    if event == "open" or event in _SLOW_EVENTS:
        for guard in _GUARDS.values():
            guard.note(f"{event} {args[0]!r}"[:200])


def _is_small_read(path: object) -> bool:
    """Return whether *path* is a module, or a time zone: a few KB, read once in a process."""
    return isinstance(path, str) and (
        path.endswith((".py", ".pyc", ".so")) or bool({"zoneinfo", "tzdata"} & set(path.split("/")))
    )
