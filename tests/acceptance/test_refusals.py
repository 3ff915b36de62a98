"""A setting that keeps the service from starting is named in a one-line error."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy

from contentsvc.db.session import Database
from tests.acceptance.running import PATIENCE, Service, until

pytestmark = pytest.mark.processes

#: From <linux/prctl.h> and <linux/capability.h>.
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return a service that has not been started."""
    service = Service(tmp_path / "s", {"SAMPLE": "no"})
    service.folder.mkdir()
    yield service
    service.clean_up()


def _refusal(service: Service, *words: str) -> str:
    """Run a command that must refuse to start, and return its one-line error message."""
    answer = service.run(*words)

    assert answer.returncode == 2, answer.stdout + answer.stderr
    (line,) = answer.stderr.splitlines()
    assert "Traceback" not in answer.stdout
    assert service.processes() == {}
    return line


def test_a_port_in_use_is_refused_before_the_database_is_created(service: Service) -> None:
    """The error names the setting and another port; no database is created."""
    with socket.create_server(("127.0.0.1", service.port)):
        line = _refusal(service, "up")

    assert line == (
        f"error: CONTENTSVC_PORT: port {service.port} on 127.0.0.1 is in use by another program; "
        f"stop that one, or set another port, such as CONTENTSVC_PORT={service.port + 1}"
    )
    assert not (service.folder / "var/contentsvc.db").exists()


def test_a_host_of_another_machine_is_refused(service: Service) -> None:
    """The service cannot listen on an address that the machine does not have."""
    service.settings = {**service.settings, "HOST": "192.0.2.1"}

    assert _refusal(service, "up").startswith("error: CONTENTSVC_HOST: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("WORKERS", "0"), ("LEASE", "1"), ("TIMEZONE", "Mars"), ("PROT", "1")],
)
def test_a_wrong_setting_is_named(service: Service, name: str, value: str) -> None:
    """A wrong value and an unknown setting are both refused."""
    service.settings = {**service.settings, name: value}

    assert _refusal(service, "up").startswith(f"error: CONTENTSVC_{name}: ")


def test_a_folder_with_odd_characters_works(tmp_path: Path) -> None:
    """Blanks, quotes, signs that URLs and shells use, and Chinese names: the service runs.

    A post is published and read, and `doctor` finds nothing wrong.
    """
    odd = "我的 数据 = \"50%\" & 'x' #1 $(y) ;\\!" + "长" * 30
    service = Service(tmp_path / odd, {"SAMPLE": "no"})
    service.folder.mkdir()
    calendars = service.folder / "周历 #1"
    calendars.mkdir()
    service.settings = {**service.settings, "CALENDARS_DIR": str(calendars)}
    try:
        service.start()
        channels = service.folder / "渠道.yaml"
        channels.write_text("channels:\n  - name: site\n    type: site\n", encoding="utf-8")
        service.ask("channels", "apply", str(channels))
        slot = datetime.now(UTC) + timedelta(seconds=20)
        (calendars / "odd.yaml").write_text(_one_post(slot), encoding="utf-8")
        service.ask("calendars", "import", str(calendars / "odd.yaml"), "--approve")

        until("the post is out", lambda: service.statuses("odd") == ["published"])
        assert service.run("doctor").returncode == 0, service.ask("doctor")
        assert service.stop() == 0
    finally:
        service.clean_up()


def _one_post(at: datetime) -> str:
    """Return a calendar file with one approved post at the instant *at*."""
    year, week, day = at.isocalendar()
    return f"""calendar: odd
name: 路径
timezone: UTC
channels: [site]
week: {year}-W{week:02d}
entries:
  - key: one
    day: {("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day - 1]}
    time: "{at:%H:%M:%S}"
    kind: post
    title: 到了
    body: 正文
"""


def test_a_data_folder_without_write_permission_is_refused(service: Service) -> None:
    """The error names the folder and a remedy; root cannot override file modes in this test."""
    folder = service.folder / "var"
    folder.mkdir(mode=0o500)
    service.command = (*service.command,)

    answer = _run_without_override(service)

    assert answer == (
        f"error: CONTENTSVC_DATA_DIR: {folder} cannot be written (Permission denied); give a "
        "folder that this user may write"
    )


def _run_without_override(service: Service) -> str:
    import subprocess

    def drop() -> None:
        if os.geteuid() == 0:
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)

    answer = subprocess.run(
        [*service.command, "up"],
        cwd=service.folder,
        env=service.environ,
        preexec_fn=drop,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 2, answer.stderr
    return answer.stderr.removesuffix("\n")


def test_a_database_of_a_newer_version_is_left_alone(service: Service) -> None:
    """The error names the newer revision, and the file is unchanged."""
    service.ask("db", "upgrade")
    file = service.folder / "var/contentsvc.db"
    with closing(Database(f"sqlite:///{file}")) as database, database.write() as session:
        session.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999_later'"))
    before = file.read_bytes()

    line = _refusal(service, "up")

    assert line.startswith("error: CONTENTSVC_DATABASE_URL: the database is at revision 9999_later")
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(service: Service) -> None:
    """A text file at the path of the database stays unchanged."""
    (service.folder / "var").mkdir()
    (service.folder / "var/contentsvc.db").write_text("dear diary " * 100)

    line = _refusal(service, "up")

    assert line.startswith("error: CONTENTSVC_DATABASE_URL: the database cannot be opened: ")
    assert (service.folder / "var/contentsvc.db").read_text().startswith("dear diary")


def test_an_unreachable_database_does_not_show_its_password(service: Service) -> None:
    """The error does not show the password in the address of the database."""
    url = "postgresql://me:geheim@127.0.0.1:1/none"
    service.settings = {**service.settings, "DATABASE_URL": url}

    line = _refusal(service, "up")

    assert line.startswith("error: CONTENTSVC_DATABASE_URL: ")
    assert "geheim" not in line


def test_a_second_start_on_the_same_folder_names_the_first(service: Service) -> None:
    """The error of a second start names the process that uses the folder."""
    service.start()
    second = service.run("up")

    assert second.returncode == 2
    (line,) = second.stderr.splitlines()
    assert line.startswith("error: CONTENTSVC_DATA_DIR: ")
    assert service.process is not None
    assert f"(process {service.process.pid})" in line
    assert service.stop() == 0


def test_a_role_without_a_database_says_what_to_run(service: Service) -> None:
    """A worker on an empty database creates no tables; its error names `contentsvc db upgrade`."""
    line = _refusal(service, "worker")

    assert "contentsvc db upgrade" in line
