"""The commands, each test with a database and folders of its own."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from contentsvc.cli import main
from contentsvc.db.session import Database
from contentsvc.domain.weeks import IsoWeek
from contentsvc.launcher.locking import lock_data_dir
from contentsvc.services.accounts import all_users, check_password, look_up_link
from contentsvc.services.ports import system_clock


class _Run:
    """Runs a command and captures its output."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Return the exit status, the output and the errors."""
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> _Run:
    """Return a runner of commands in an empty folder with an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONTENTSVC_DATA_DIR", str(tmp_path / "var"))
    return _Run(tmp_path, capsys)


@pytest.fixture
def ready(run: _Run) -> _Run:
    """Return a runner of commands with a migrated database."""
    assert run("db", "upgrade")[0] == 0
    return run


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that supplies text on standard input."""
    import io

    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def _database(run: _Run) -> Database:
    return Database(f"sqlite:///{run.folder / 'var/contentsvc.db'}")


def test_the_version_is_told(run: _Run) -> None:
    """`--version` prints the version."""
    status, out, _ = run("--version")

    assert status == 0
    assert out.startswith("contentsvc 0.")


def test_a_command_that_does_not_exist_is_told(run: _Run) -> None:
    """An unknown command prints the usage and ends with status 2, without a traceback."""
    status, _, err = run("calender")

    assert status == 2
    assert "No such command 'calender'" in err


def test_a_database_is_migrated_once(run: _Run) -> None:
    """A second upgrade changes nothing."""
    first, second = run("db", "upgrade"), run("db", "upgrade")

    assert first[1].startswith("the database was migrated to revision")
    assert second[1].startswith("the database is already at revision")


def test_a_backup_is_a_whole_database(ready: _Run, typed: Callable[[str], None]) -> None:
    """The copy contains the data, and an existing file is never overwritten."""
    typed("a long enough secret\n")
    ready("users", "add", "mei")

    status, out, _ = ready("db", "backup", "--to", "copy.db")

    assert (status, out) == (0, "wrote copy.db\n")
    with closing(Database("sqlite:///copy.db")) as copy, copy.read() as session:
        assert [user.name for user in all_users(session)] == ["mei"]
    status, _, err = ready("db", "backup", "--to", "copy.db")
    assert status == 2
    assert err == "error: --to: copy.db exists already; give a new file\n"


def test_a_backup_is_restored(ready: _Run, typed: Callable[[str], None]) -> None:
    """What came after the backup is gone, but kept in the replaced database."""
    ready("db", "backup", "--to", "copy.db")
    typed("a long enough secret\n")
    ready("users", "add", "mei")

    status, out, _ = ready("db", "restore", "--from", "copy.db")

    first, second, third = out.splitlines()
    assert status == 0
    assert first == "restored copy.db"
    assert third == "deliveries that may be out since: 0"
    replaced = Path(second.removeprefix("the database that it replaced is now "))
    for url, names in ((None, []), (f"sqlite:///{replaced}", ["mei"])):
        with closing(Database(url) if url else _database(ready)) as found, found.read() as session:
            assert [user.name for user in all_users(session)] == names


def test_a_restored_database_is_settled_without_a_file(ready: _Run) -> None:
    """After pg_restore, the command settles the deliveries of the database as it is."""
    status, out, _ = ready("db", "restore")

    assert (status, out) == (0, "deliveries that may be out since: 0\n")


def test_nothing_is_restored_below_a_running_service(ready: _Run) -> None:
    """The error names the folder and the process."""
    ready("db", "backup", "--to", "copy.db")

    with lock_data_dir(ready.folder / "var"):
        status, _, err = ready("db", "restore", "--from", "copy.db")

    assert status == 2
    assert f"(process {os.getpid()}); stop it" in err


def test_a_person_is_added_with_a_password(ready: _Run, typed: Callable[[str], None]) -> None:
    """The password is read from standard input, so that it is not visible in the process list."""
    typed("a long enough secret\n")

    assert ready("users", "add", "Mei", "--admin")[1] == "added mei\n"

    with closing(_database(ready)) as database, database.read() as session:
        user = check_password(session, "mei", "a long enough secret")
        assert user is not None
        assert user.is_admin


def test_a_weak_password_is_refused_in_one_line(ready: _Run, typed: Callable[[str], None]) -> None:
    """A weak password is refused, and no user is created."""
    typed("123\n")

    status, _, err = ready("users", "add", "mei")

    assert status == 2
    assert err.startswith("error: enter a password of ")
    with closing(_database(ready)) as database, database.read() as session:
        assert all_users(session) == []


def test_a_link_signs_a_person_in(ready: _Run, typed: Callable[[str], None]) -> None:
    """The printed link contains a valid token; an unknown user gets an error."""
    typed("a long enough secret\n")
    ready("users", "add", "mei")

    status, out, _ = ready("users", "link", "Mei")

    assert status == 0
    assert out.startswith("http://127.0.0.1:8000/sign-in/")
    with closing(_database(ready)) as database, database.read() as session:
        link = look_up_link(session, out.strip().rpartition("/")[2], now=system_clock())
        assert link is not None
    assert ready("users", "link", "nobody")[0] == 2


def _import_calendar(run: _Run) -> None:
    """Import a calendar without entries."""
    channels, calendar = run.folder / "channels.yaml", run.folder / "mums.yaml"
    channels.write_text(CHANNEL % "本站", encoding="utf-8")
    calendar.write_text(
        "calendar: mums\nname: 母婴群\ntimezone: Asia/Shanghai\nchannels: [site]\n"
        "slots: {早安: '08:30'}\nweek: 2099-W10\nentries: []\n",
        encoding="utf-8",
    )
    assert run("channels", "apply", str(channels))[0] == 0
    assert run("calendars", "import", str(calendar))[0] == 0


def test_users_are_managed_from_the_shell(ready: _Run, typed: Callable[[str], None]) -> None:
    """Users are listed, get roles, become admins, and are deactivated, but not the last admin."""
    for name in ("mei", "wang"):
        typed("a long enough secret\n")
        ready("users", "add", name, *(["--admin"] if name == "mei" else []))
    _import_calendar(ready)

    assert ready("users", "role", "wang", "mums", "writer") == (
        0,
        "wang in mums: writer\n",
        "",
    )
    listed = "mei\tadmin\nwang\t\tmums:writer\n"
    assert ready("users", "list")[1] == listed
    assert ready("users", "role", "wang", "mums", "none")[0] == 0
    assert ready("users", "admin", "Wang", "yes")[1] == "wang is an admin\n"
    assert ready("users", "deactivate", "mei")[1] == "deactivated mei\n"
    assert ready("users", "list")[1] == "mei\tadmin,deactivated\nwang\tadmin\n"
    for command in (("deactivate", "wang"), ("admin", "wang", "no")):
        status, _, err = ready("users", *command)
        assert status == 2
        assert err.startswith("error: wang is the last active admin")
    assert ready("users", "activate", "mei")[1] == "activated mei\n"
    assert ready("users", "end-sessions", "wang")[1] == "signed wang out everywhere\n"


@pytest.mark.parametrize(
    "command",
    [
        ("link", "nobody"),
        ("deactivate", "nobody"),
        ("activate", "nobody"),
        ("role", "nobody", "mums", "viewer"),
        ("admin", "nobody", "yes"),
        ("end-sessions", "nobody"),
    ],
)
def test_a_user_that_there_is_not_is_named(ready: _Run, command: tuple[str, ...]) -> None:
    """Every command for one user tells that there is none of the name."""
    status, _, err = ready("users", *command)

    assert (status, err) == (2, "error: there is no user 'nobody'\n")


_CHANNELS = """\
channels:
  - name: site
    type: site
    settings: {title: 我们}
  - name: out
    type: folder
"""


def test_channels_are_applied_twice_and_change_once(ready: _Run) -> None:
    """Applying the same file again reports every channel as unchanged."""
    Path("channels.yaml").write_text(_CHANNELS, encoding="utf-8")

    first, second = (
        ready("channels", "apply", "channels.yaml"),
        ready("channels", "apply", "channels.yaml"),
    )

    assert first[:2] == (0, "site: created\nout: created\n")
    assert second[:2] == (0, "site: unchanged\nout: unchanged\n")
    assert ready("channels", "list")[1] == "out\tfolder\tready\nsite\tsite\tready\n"


def test_each_fault_of_a_channel_file_is_a_line(ready: _Run) -> None:
    """Each error names file, line and field, and no channel is created."""
    text = _CHANNELS.replace("type: folder", "type: pigeon").replace("title:", "titel:")
    Path("channels.yaml").write_text(text, encoding="utf-8")

    status, _, err = ready("channels", "apply", "channels.yaml")

    assert status == 2
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error: channels.yaml: line ") for line in lines)
    assert ready("channels", "list")[1] == ""


def test_a_test_message_goes_out(ready: _Run) -> None:
    """A folder channel writes the test message; an unknown channel is an error."""
    Path("channels.yaml").write_text(_CHANNELS, encoding="utf-8")
    ready("channels", "apply", "channels.yaml")

    assert ready("channels", "test", "out")[0] == 0

    assert list(Path("var").rglob("manifest.json"))
    status, _, err = ready("channels", "test", "nowhere")
    assert (status, err) == (2, "error: there is no channel 'nowhere'\n")


def test_a_delivery_that_is_not_there_is_told(ready: _Run) -> None:
    """An empty database lists no deliveries, and an unknown number is an error."""
    assert ready("deliveries", "list")[:2] == (0, "")
    for words in (("show", "7"), ("resolve", "7", "out")):
        status, _, err = ready("deliveries", *words)
        assert (status, err) == (2, "error: there is no delivery 7\n")


def test_a_poster_is_painted(run: _Run) -> None:
    """Texts from a YAML file become a picture of the requested size."""
    Path("words.yaml").write_text("text: 先人后事\nauthor: 运营手册\n", encoding="utf-8")

    status, out, err = run(
        "posters", "render", "quote", "--fields", "words.yaml", "--size", "1x1", "--out", "q.png"
    )

    assert (status, err) == (0, "")
    with Image.open("q.png") as picture:
        assert picture.width == picture.height
        assert out == f"wrote q.png ({picture.width} x {picture.height})\n"


def test_a_poster_takes_a_brand_by_name(run: _Run) -> None:
    """The same texts in different brands make different pictures; a brand is a name or a file."""
    Path("words.yaml").write_text("text: 先人后事\n", encoding="utf-8")
    Path("own.yaml").write_text('palette: {ink: "#112233", paper: "#DDEEFF"}\n', encoding="utf-8")
    for brand in ("qinghe", "yuguang", "own.yaml"):
        words = ("quote", "--fields", "words.yaml", "--brand", brand, "--out", f"{brand}.png")
        assert run("posters", "render", *words)[0] == 0

    made = {Path(f"{brand}.png").read_bytes() for brand in ("qinghe", "yuguang", "own.yaml")}
    assert len(made) == 3


def test_a_poster_without_a_brand_has_the_community_s_name(run: _Run) -> None:
    """A brand kit without a name gives way to the community's name; one with a name does not."""
    Path("words.yaml").write_text("text: 先人后事\n", encoding="utf-8")
    words = ("posters", "render", "quote", "--fields", "words.yaml", "--out", "q.png")

    def made(*options: str) -> bytes:
        assert run(*words, *options)[0] == 0
        return Path("q.png").read_bytes()

    assert len({made(), made("--community", "暖芽妈妈"), made("--community", "露营群")}) == 3
    named = ("--brand", "qinghe")
    assert made(*named) == made(*named, "--community", "暖芽妈妈")


@pytest.mark.parametrize(
    ("size", "note"),
    [
        ("1x1", "note: the size 1x1 does not show: url, topic\n"),
        ("9x16", ""),
    ],
)
def test_what_a_size_leaves_out_is_told(run: _Run, size: str, note: str) -> None:
    """A given field that the size does not show is named; it is no warning."""
    words = "text: 先人后事\nurl: https://a.example\ntopic: 今天聊什么\nauthor: ''\n"
    Path("words.yaml").write_text(words, encoding="utf-8")
    Path("rows.csv").write_text("text,url,topic\n早,https://a.example,\n晚,,聊\n", encoding="utf-8")

    one = run(
        *("posters", "render", "quote", "--fields", "words.yaml"),
        *("--size", size, "--out", "q.png"),
    )
    many = run(
        *("posters", "batch", "quote", "--rows", "rows.csv"), *("--size", size, "--out", "q.zip")
    )

    assert (one[0], one[2]) == (0, note)
    assert (many[0], "note:" in many[2]) == (0, bool(note))
    assert note in many[2]


def test_a_plugin_s_template_is_rendered(run: _Run) -> None:
    """A template of a plugin is found by its name."""
    Path("words.yaml").write_text("title: 早安\n", encoding="utf-8")

    status, out, _ = run(
        *("posters", "render", "link-card", "--fields", "words.yaml"),
        *("--size", "card", "--out", "card.jpg"),
    )

    assert (status, out) == (0, "wrote card.jpg (1200 x 630)\n")


def test_posters_are_made_of_a_table(run: _Run) -> None:
    """A semicolon divides the cells, and a row with an error of the spreadsheet fails by cell."""
    table = "text;author;file;note\n早安, 今天, 天气;张三;a;#N/A\n晚安;#REF!;b;\n"
    Path("rows.csv").write_text(table, encoding="utf-16-le")

    status, out, err = run(
        *("posters", "batch", "quote", "--rows", "rows.csv"), *("--size", "1x1", "--out", "q.zip")
    )

    assert status == 1
    assert "wrote q.zip: 1 posters, 1 rows failed" in out
    assert "failed: row 3: author: cell B3 has the error #REF!; correct its formula" in err
    with zipfile.ZipFile("q.zip") as archive:
        assert archive.namelist() == ["a.jpg", "failures.txt"]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("quote", "--brand", "nobody", "--out", "q.png"), "qinghe, yuguang"),
        (("quote", "--brand", "nobody.yaml", "--out", "q.png"), "nobody.yaml"),
        (("quote", "--out", "q.png"), "'text'"),
        (("quote", "--out", "q.bmp"), "--out"),
        (("quota", "--out", "q.png"), "quota"),
        (("quote", "--fields", "words.yaml", "--size", "2x2", "--out", "q.png"), "2x2"),
        (("quote", "--fields", "broken.yaml", "--out", "q.png"), "broken.yaml"),
    ],
)
def test_a_poster_that_cannot_be_painted_is_told(
    run: _Run, words: tuple[str, ...], fault: str
) -> None:
    """The error names a missing field, a wrong ending, template or size, and broken YAML."""
    Path("words.yaml").write_text("text: 先人后事\n", encoding="utf-8")
    Path("broken.yaml").write_text("quote: [", encoding="utf-8")

    status, _, err = run("posters", "render", *words)

    assert status == 2
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert fault in line
    assert not Path("q.png").exists()


def test_the_doctor_passes_in_a_new_folder(run: _Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a new data folder every check passes."""
    monkeypatch.setenv("CONTENTSVC_PORT", str(_free_port()))
    monkeypatch.setenv("CONTENTSVC_REDIS_URL", "")

    status, out, _ = run("doctor", "--json")

    told = json.loads(out)
    assert [check for check in told["checks"] if not check["ok"]] == []
    assert status == 0
    assert told["settings"]["CONTENTSVC_SECRET_KEY"] == "••••••"
    assert (run.folder / "var/secret.key").read_text().strip() not in out


def test_the_doctor_shows_a_broken_plugin_with_its_traceback(
    run: _Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken plugin is shown with its traceback, and the exit status is 1."""
    Path("own").mkdir()
    Path("own/broken.py").write_text("raise RuntimeError('no milk today')\n")
    monkeypatch.setenv("CONTENTSVC_PLUGINS_DIR", "own")

    status, out, _ = run("doctor")

    assert status == 1
    assert "WRONG  plugin broken: RuntimeError: no milk today" in out
    assert "Traceback (most recent call last):" in out


def test_the_doctor_names_channels_whose_secrets_are_lost(
    ready: _Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restore without the key it says what to do, and doing it helps."""
    path = ready.folder / "channels.yaml"
    secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
    settings = f'{{url: "https://a.example/hook", secret: {secret}}}'
    path.write_text(f"channels: [{{name: shop, type: webhook, settings: {settings}}}]")
    assert ready("channels", "apply", "channels.yaml")[0] == 0
    monkeypatch.setenv("CONTENTSVC_SECRET_KEY", "another key, which is long enough for this")

    before = ready("doctor")
    applied = ready("channels", "apply", "channels.yaml")
    after = ready("doctor")

    assert before[0] == 1
    assert "WRONG  channel shop: its secrets were encrypted with another secret key" in before[1]
    assert applied[0] == 0
    assert "channel shop" not in after[1]


def test_a_folder_for_everybody_stays_open(ready: _Run) -> None:
    """A data folder with the sticky bit, such as /tmp, and files of others keep their modes."""
    folder, other = ready.folder / "var", ready.folder / "var/other.db"
    other.touch(mode=0o644)
    other.chmod(0o644)
    folder.chmod(0o1777)

    ready("channels", "list")

    assert folder.stat().st_mode & 0o7777 == 0o1777
    assert other.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["", "secret.key", "contentsvc.db", "contentsvc.db.20260101"])
def test_the_doctor_reports_data_that_others_may_read(ready: _Run, name: str) -> None:
    """What others may read fails a check, with the command that fixes it; a start fixes it, too."""
    path = ready.folder / "var" / name
    path.touch()
    path.chmod(0o755)

    status, out, _ = ready("doctor")
    ready("channels", "list")

    assert status == 1
    assert f"{path}, mode 0755; others may read it: `chmod go= {path}`" in out
    assert path.stat().st_mode & 0o777 == 0o700
    assert ready("doctor")[1].count("permissions: only the owner may read the data") == 1


def test_a_new_database_and_a_backup_are_private(ready: _Run) -> None:
    """Whatever the umask is, only the owner may read the database and its backups."""
    assert ready("db", "backup", "--to", "backup.db")[0] == 0

    paths = [ready.folder / "var/contentsvc.db", ready.folder / "backup.db"]

    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]


def test_the_secret_key_is_rotated(ready: _Run) -> None:
    """A new key encrypts the secrets, and the old one is gone."""
    secret = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
    settings = f'{{url: "https://a.example/hook", secret: {secret}}}'
    (ready.folder / "channels.yaml").write_text(
        f"channels: [{{name: shop, type: webhook, settings: {settings}}}]"
    )
    assert ready("channels", "apply", "channels.yaml")[0] == 0
    path = ready.folder / "var/secret.key"
    before = path.read_text()

    status, out, _ = ready("secrets", "rotate")

    assert (status, out) == (0, "channels whose secrets are encrypted with the new key: 1\n")
    assert len(path.read_text().split()) == 1
    assert path.read_text() != before
    assert path.stat().st_mode & 0o777 == 0o600
    assert ready("channels", "apply", "channels.yaml")[1] == "shop: unchanged\n"


def test_an_interrupted_rotation_is_finished(ready: _Run) -> None:
    """If the file has two keys already, the first is used and no third is generated."""
    path = ready.folder / "var/secret.key"
    old = path.read_text()
    path.write_text(f"a-new-key-of-forty-characters-or-so\n{old}")

    assert ready("secrets", "rotate")[0] == 0

    assert path.read_text() == "a-new-key-of-forty-characters-or-so\n"


def test_a_key_in_the_environment_is_rotated_by_the_operator(
    ready: _Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one key the command says what to do; with two it encrypts with the first."""
    monkeypatch.setenv("CONTENTSVC_SECRET_KEY", "the-old-key-of-ours")
    refused = ready("secrets", "rotate")
    monkeypatch.setenv("CONTENTSVC_SECRET_KEY", "the-new-key-of-ours\nthe-old-key-of-ours")

    status, out, _ = ready("secrets", "rotate")

    assert refused[0] == 2
    assert "put a new key in a line before" in refused[2]
    assert status == 0
    assert "now remove all lines but the first from CONTENTSVC_SECRET_KEY" in out


def test_the_key_is_not_rotated_while_the_service_runs(ready: _Run) -> None:
    """Running processes would not know the new key."""
    with lock_data_dir(ready.folder / "var"):
        assert ready("secrets", "rotate")[0] == 2


def test_every_setting_is_listed(run: _Run) -> None:
    """`doctor --settings` lists every setting."""
    status, out, _ = run("doctor", "--settings")

    assert status == 0
    assert "CONTENTSVC_LEASE (default: 90)" in out


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CHANNEL = "channels:\n  - name: site\n    type: site\n    settings: {title: %s}\n"


def test_new_settings_of_a_channel_list_the_approved_entries(ready: _Run) -> None:
    """Without an answer the file is not applied; with one it is."""
    file = ready.folder / "channels.yaml"
    file.write_text(CHANNEL % "本站", encoding="utf-8")
    assert ready("channels", "apply", str(file))[0] == 0
    week = IsoWeek.of((datetime.now(UTC) + timedelta(weeks=8)).date())
    calendar = ready.folder / "mums.yaml"
    calendar.write_text(
        "calendar: mums\nname: 母婴群\ntimezone: Asia/Shanghai\nchannels: [site]\n"
        f"week: {week}\nentries:\n  - {{key: check-in, day: mon, time: '08:30', kind: post, "
        "title: 签到, body: 早上好, status: approved}\n",
        encoding="utf-8",
    )
    assert ready("calendars", "import", str(calendar))[0] == 0
    file.write_text(CHANNEL % "别的站", encoding="utf-8")

    refused = ready("channels", "apply", str(file))
    applied = ready("channels", "apply", str(file), "--approved", "keep")

    assert refused[0] == 2
    assert f"母婴群 {week} check-in: 签到" in refused[1]
    assert "other settings of the channel site" in refused[1]
    assert applied[0] == 0
    assert applied[1].endswith("site: changed\n")
    assert ready("channels", "apply", str(file))[1] == "site: unchanged\n"
