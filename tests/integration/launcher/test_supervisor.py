"""The supervisor, with small Python processes as its roles."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contentsvc.config import Config
from contentsvc.errors import ConfigError
from contentsvc.launcher.child import Role
from contentsvc.launcher.locking import lock_data_dir, lock_holder
from contentsvc.launcher.server import check_port
from contentsvc.launcher.supervisor import Supervisor


@pytest.fixture
def shown() -> list[tuple[str, str]]:
    """Return the list that collects the output of the processes."""
    return []


@pytest.fixture
def supervisor(shown: list[tuple[str, str]]) -> Iterator[Supervisor]:
    """Return a supervisor whose roles run Python code."""
    supervisor = Supervisor(lambda role, line: shown.append((role, line)), _run_python)
    yield supervisor
    supervisor.stop_signals += 1
    supervisor.stop()


def _run_python(arguments: Sequence[str]) -> None:
    os.execv(sys.executable, [sys.executable, "-u", "-c", arguments[-1]])


def _turn_until(supervisor: Supervisor, ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        supervisor.turn(0.02)


def test_each_line_is_shown_with_its_role(
    supervisor: Supervisor, shown: list[tuple[str, str]]
) -> None:
    """Output and errors are shown line by line, even if they are not UTF-8 or have no newline."""
    code = (
        "import sys, time; print('早安'); sys.stdout.flush();"
        r"sys.stderr.buffer.write(b'bad \xff\n'); sys.stdout.write('last'); time.sleep(0.1)"
    )

    child = supervisor.start(Role("talker", (code,)))
    _turn_until(supervisor, lambda: child.deaths == 1)

    assert shown == [("talker", "早安"), ("talker", "bad \ufffd"), ("talker", "last")]


def test_a_process_that_closes_its_output_costs_nothing(supervisor: Supervisor) -> None:
    """The supervisor no longer polls a closed pipe, which would always be ready to read."""
    code = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    child = supervisor.start(Role("mute", (code,)))
    _turn_until(supervisor, lambda: child.output_closed)

    supervisor.turn(0.01)

    assert child.pipe not in supervisor._selector.get_map()
    assert child.is_running


def test_a_dead_process_is_restarted_after_a_wait(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """A death is logged with the last line of output, and the restart follows after the backoff."""
    child = supervisor.start(Role("fragile", ("raise SystemExit('no milk')",)))

    _turn_until(supervisor, lambda: child.deaths == 2)

    assert "fragile died: no milk" in caplog.text
    waits = [record.__dict__["again_in_s"] for record in caplog.records]
    assert waits == [0.5, 1.0]


def test_a_fork_that_fails_is_repeated(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without memory for another process the supervisor and the other processes go on."""
    other = supervisor.start(Role("other", ("import time; time.sleep(60)",)))

    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", refuse)
        child = supervisor.start(Role("later", ("import time; time.sleep(60)",)))
        assert not child.is_running
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    _turn_until(supervisor, lambda: child.is_running)

    assert "later was not started: " in caplog.text
    assert other.is_running


def test_a_process_that_cannot_start_is_logged_as_such(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    """Exit status 2 is logged as a process that cannot start."""
    code = "import sys; print('error: CONTENTSVC_HOST: no'); sys.exit(2)"
    child = supervisor.start(Role("web", (code,)))

    _turn_until(supervisor, lambda: child.deaths == 1)

    assert "web cannot start: error: CONTENTSVC_HOST: no" in caplog.text


def test_processes_stop_in_reverse_order(
    supervisor: Supervisor, shown: list[tuple[str, str]]
) -> None:
    """The process started last is stopped first, and the supervisor waits for each."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)))\n"
        "print('hello'); time.sleep(60)"
    )
    for name in ("valkey", "worker 1", "worker 2", "web"):
        supervisor.start(Role(name, (code,)))
    _turn_until(supervisor, lambda: len(shown) == 4)

    supervisor.stop()

    byes = [role for role, line in shown if line == "bye"]
    assert byes[0] == "web"
    assert sorted(byes[1:3]) == ["worker 1", "worker 2"]
    assert byes[3] == "valkey"


def test_a_process_that_ignores_sigterm_is_killed_with_its_children(
    supervisor: Supervisor, shown: list[tuple[str, str]]
) -> None:
    """A process that ignores SIGTERM is killed after its grace period, with its children.

    Without the kill, the supervisor would wait for 600 s; the limit is a tenth of that.
    """
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: print(child)\n"
        "time.sleep(600)"
    )
    supervisor.start(Role("deaf", (code,), grace=0.2))
    _turn_until(supervisor, lambda: bool(shown))
    (_, grandchild) = shown[0]

    began = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - began < 60
    assert _is_gone(int(grandchild))


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_second_signal_does_not_wait_for_the_grace(supervisor: Supervisor) -> None:
    """A second signal kills the processes although their grace period is 600 s."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    supervisor.listen()
    try:
        supervisor.start(Role("slow", (code,), grace=600))
        os.kill(os.getpid(), signal.SIGINT)
        supervisor.run()
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        supervisor.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert time.monotonic() - began < 60


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def test_one_up_per_data_folder(tmp_path: Path) -> None:
    """A held lock names its process; afterwards it is free again."""
    with lock_data_dir(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()
        with pytest.raises(ConfigError, match=rf"process {os.getpid()}\)"), lock_data_dir(tmp_path):
            pass

    assert lock_holder(tmp_path) is None


def test_the_port_is_checked(tmp_path: Path) -> None:
    """A port in use and an unknown address are errors; a port in TIME_WAIT is not."""
    config = Config.from_env({"CONTENTSVC_DATA_DIR": str(tmp_path)})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ConfigError, match=f"CONTENTSVC_PORT: port {port} on 127.0.0.1 is in"):
            check_port(replace(config, port=port))
        with pytest.raises(ConfigError, match="CONTENTSVC_HOST"):
            check_port(replace(config, port=port, host="no.such.host.invalid"))

    check_port(replace(config, port=port))
