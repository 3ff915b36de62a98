"""Forked processes: what they inherit from the supervisor, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from contentsvc.launcher.forking import fork_process


def _fork(run: Callable[[], object], folder: Path, name: str = "contentsvc test") -> int:
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return fork_process(run, name=name, output=output)
    finally:
        os.close(output)


def _status(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _told(run: Callable[[], object], folder: Path) -> object:
    """Return what *run* returns in a forked process, by way of JSON."""
    assert _status(_fork(lambda: sys.stdout.write(json.dumps(run())), folder)) == 0
    return json.loads((folder / "output").read_text())


def _raise(error: BaseException) -> Callable[[], NoReturn]:
    def run() -> NoReturn:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "status", "shown"),
    [
        (lambda: sys.stdout.write("done"), 0, "done"),
        (_raise(SystemExit()), 0, ""),
        (_raise(SystemExit(2)), 2, ""),
        (_raise(SystemExit("没有牛奶")), 1, "没有牛奶"),
        (_raise(ValueError("no milk")), 1, "ValueError: no milk"),
        (_raise(KeyboardInterrupt()), 1, "KeyboardInterrupt"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), -signal.SIGKILL, ""),
    ],
    ids=["returns", "exits", "exits with 2", "exits with text", "fails", "interrupted", "killed"],
)
def test_it_ends_with_the_status_of_a_program(
    run: Callable[[], object], status: int, shown: str, tmp_path: Path
) -> None:
    """The exit status and the last words are those of an interpreter that runs the function."""
    assert _status(_fork(run, tmp_path)) == status
    assert (tmp_path / "output").read_text().rstrip().endswith(shown)


def test_it_has_no_file_of_its_parent(tmp_path: Path) -> None:
    """Only input, output and errors are open; the input is empty."""
    with (tmp_path / "secret").open("w"), (tmp_path / "other").open("w"):
        told = _told(
            lambda: [
                [str(Path(f"/proc/self/fd/{name}").readlink()) for name in (0, 1, 2)],
                # The last descriptor is that of the listing itself.
                max(int(handle.name) for handle in Path("/proc/self/fd").iterdir()),
                os.read(0, 10).decode(),
            ],
            tmp_path,
        )

    output = str(tmp_path / "output")
    assert told == [["/dev/null", output, output], 3, ""]


def test_signals_have_their_default_action_again(tmp_path: Path) -> None:
    """A handled signal is reset, an ignored one stays ignored, and none is blocked."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        told = _told(
            lambda: [
                signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
                signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,
                signal.getsignal(signal.SIGINT) == signal.default_int_handler,
                len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            ],
            tmp_path,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert told == [True, True, True, 0]


def test_a_signal_right_after_the_fork_is_not_lost(tmp_path: Path) -> None:
    """SIGTERM ends the process, even if it arrives before the process has reset its handlers."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        statuses = set()
        for _ in range(20):
            pid = _fork(lambda: time.sleep(600), tmp_path)
            os.kill(pid, signal.SIGTERM)
            statuses.add(_status(pid))
    finally:
        signal.signal(signal.SIGTERM, before)

    assert statuses == {-signal.SIGTERM}


_TITLED = """
import os, sys
from contentsvc.launcher.forking import fork_process

def run():
    print(os.getsid(0) == os.getpid())
    print(open("/proc/self/cmdline").read().rstrip("\\0"))
    print("MARK=早安" in open("/proc/self/environ").read().split("\\0"))
    print(os.environ["MALLOC_ARENA_MAX"])

os.waitpid(fork_process(run, name="contentsvc test", output=1), 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_has_a_session_and_a_title_of_its_own() -> None:
    """`ps` shows the title, the environment stays readable, and Ctrl-C does not reach it."""
    # In a fresh interpreter, because pytest may have set a title of its own.
    told = subprocess.run(
        [sys.executable, "-c", _TITLED],
        env={**os.environ, "SPT_NOENV": "1", "MARK": "早安"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert told.stdout.splitlines() == ["True", "contentsvc test", "True", "2"]
