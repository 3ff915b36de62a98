"""The settings: each is read, named in errors, and masked if it is secret."""

from __future__ import annotations

import dataclasses
import stat
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from contentsvc.config import SETTINGS, Config, shipped, store_secret_key
from contentsvc.errors import ConfigError

KEY = "a-secret-key-of-the-team"


class Reader(Protocol):
    """Reads settings given by their short names."""

    def __call__(self, **settings: str) -> Config:
        """Return the settings in force."""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return a function that reads settings with a data folder of the test's own."""
    monkeypatch.chdir(tmp_path)

    def read(**settings: str) -> Config:
        environ = {f"CONTENTSVC_{name.upper()}": value for name, value in settings.items()}
        return Config.from_env({"CONTENTSVC_DATA_DIR": str(tmp_path / "var"), **environ})

    return read


def test_defaults(read: Reader, tmp_path: Path) -> None:
    """Without any setting the service listens on this machine alone, with SQLite."""
    config = read()

    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert config.public_url == "http://127.0.0.1:8000"
    assert config.database_url == f"sqlite:///{tmp_path / 'var' / 'contentsvc.db'}"
    assert config.redis_url is None
    assert config.timezone == ZoneInfo("Asia/Shanghai")
    assert (config.sample, config.review_on_edit) == (True, True)
    assert config.late_post == timedelta(hours=2)
    assert config.late_notice == timedelta(minutes=10)
    assert config.calendars_dir == tmp_path / "calendars"


def test_one_field_a_setting() -> None:
    """The table of settings and the fields of Config are the same, in the same order."""
    fields = [field.name for field in dataclasses.fields(Config)]
    assert fields == [*(setting.field for setting in SETTINGS), "has_public_url"]


def test_every_setting_has_a_help_text() -> None:
    """The help of each setting is a sentence."""
    assert [setting.name for setting in SETTINGS if not setting.help.endswith(".")] == []


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("host", "0.0.0.0", "0.0.0.0"),
        ("port", "9000", 9000),
        ("public_url", "https://plan.example.com/", "https://plan.example.com"),
        ("database_url", "sqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("database_url", "postgres://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("database_url", "postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("database_url", "postgresql+psycopg://h/db", "postgresql+psycopg://h/db"),
        ("redis_url", "redis://h:6379/0", "redis://h:6379/0"),
        ("redis_url", "unix:///run/v.sock", "unix:///run/v.sock"),
        ("plugins_dir", "/", Path("/")),
        ("calendars_dir", "/srv/none", Path("/srv/none")),
        ("assets_dir", "/", Path("/")),
        ("secret_key", KEY, KEY),
        ("timezone", "Europe/Berlin", ZoneInfo("Europe/Berlin")),
        ("language", "en", "en"),
        ("sample", "off", False),
        ("sample", "TRUE", True),
        ("workers", "64", 64),
        ("web_processes", "3", 3),
        ("web_threads", "1", 1),
        ("max_upload_mb", "100", 100),
        ("call_timeout", "2.5", timedelta(seconds=2.5)),
        ("lease", "120", timedelta(seconds=120)),
        ("late_post", "60", timedelta(minutes=1)),
        ("late_notice", "30", timedelta(seconds=30)),
        ("review_on_edit", "no", False),
        ("reminders", "json://a b://c", ("json://a", "b://c")),
        ("metrics_token", KEY, KEY),
        ("log_level", "debug", "debug"),
        ("port", " 9001 ", 9001),
        ("port", "", 8000),
        ("port", "９００１", 9001),
        ("call_timeout", "　２０．５", timedelta(seconds=20.5)),
        ("late_post", "３６００", timedelta(hours=1)),
        ("sample", "ｎｏ", False),
        ("language", "ｅｎ", "en"),
        ("timezone", "Ａｓｉａ／Ｔｏｋｙｏ", ZoneInfo("Asia/Tokyo")),
        ("public_url", "ｈｔｔｐｓ：／／plan.example.com", "https://plan.example.com"),
    ],
)
def test_each_setting_is_read(read: Reader, name: str, text: str, value: object) -> None:
    """A setting's text becomes its value; an empty text counts as unset."""
    assert getattr(read(**{name: text}), name) == value


def test_every_setting_is_in_the_table_above(read: Reader) -> None:
    """The test above covers every setting."""
    marks = test_each_setting_is_read.pytestmark  # type: ignore[attr-defined]
    tried = {row[0] for row in marks[0].args[1]}

    assert {setting.field for setting in SETTINGS} - tried == {"data_dir"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("port", "http", "'http' is not a whole number from 1 to 65535"),
        ("port", "0", "0 is not from 1 to 65535"),
        ("port", "70000", "70000 is not from 1 to 65535"),
        ("public_url", "plan.example.com", "is not an address such as https://plan.example.com"),
        ("public_url", "https://h/?a=b", "is not an address"),
        ("database_url", "mysql://h/db", "sqlite:///FILE or postgresql://USER"),
        ("database_url", "sqlite://", "sqlite:///FILE"),
        ("redis_url", "localhost:6379", "redis://HOST:PORT/0"),
        ("plugins_dir", "/no/such/folder", "/no/such/folder is not a folder"),
        ("assets_dir", "/etc/passwd", "/etc/passwd is not a folder"),
        ("secret_key", "short", "give at least 16 characters"),
        ("timezone", "Mars/Base", "'Mars/Base' is not a time zone such as Asia/Shanghai"),
        ("language", "fr", "'fr' is none of zh, en"),
        ("sample", "maybe", "'maybe' is neither yes nor no"),
        ("workers", "0", "0 is not from 1 to 64"),
        ("web_processes", "none", "'none' is not a whole number from 1 to 64"),
        ("workers", "１００", "100 is not from 1 to 64"),
        ("workers", "２，５", "'２，５' is not a whole number"),
        ("sample", "ｍａｙｂｅ", "'ｍａｙｂｅ' is neither yes nor no"),
        ("web_threads", "x", "'x' is not a whole number"),
        ("max_upload_mb", "0", "0 is not from 1 to 1024"),
        ("call_timeout", "soon", "'soon' is not a number of seconds"),
        ("call_timeout", "nan", "nan seconds are not from 1 to 600"),
        ("lease", "1", "1 seconds are not from 2 to 3600"),
        ("lease", "60", "60 s are not more than twice CONTENTSVC_CALL_TIMEOUT (30 s)"),
        ("late_post", "0", "0 seconds are not from 1"),
        ("late_notice", "-1", "-1 seconds are not from 1"),
        ("review_on_edit", "2", "'2' is neither yes nor no"),
        ("log_level", "loud", "'loud' is none of debug, info, warning, error"),
    ],
)
def test_a_wrong_value_names_its_setting(read: Reader, name: str, text: str, words: str) -> None:
    """The error for a wrong value is one line with the setting, the value and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        read(**{name: text})

    assert caught.value.setting == f"CONTENTSVC_{name.upper()}"
    assert str(caught.value).startswith(f"CONTENTSVC_{name.upper()}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_setting_is_refused(read: Reader) -> None:
    """A misspelt name is an error."""
    with pytest.raises(ConfigError, match="CONTENTSVC_PROT: there is no such setting"):
        read(prot="9000")


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    """Variables that do not begin with CONTENTSVC_ are ignored."""
    config = Config.from_env({"CONTENTSVC_DATA_DIR": str(tmp_path), "PORT": "1", "LANG": "C"})

    assert config.port == 8000


@pytest.mark.parametrize(
    ("name", "text", "leak"),
    [
        ("secret_key", "hunter2", "hunter2"),
        ("database_url", "mysql://team:hunter2@h/db", "hunter2"),
        ("redis_url", "http://:hunter2@h", "hunter2"),
    ],
)
def test_a_wrong_secret_is_not_repeated(read: Reader, name: str, text: str, leak: str) -> None:
    """The value of a secret setting never reaches a message."""
    with pytest.raises(ConfigError) as caught:
        read(**{name: text})

    assert leak not in str(caught.value)


def shown(config: Config) -> Mapping[str, str]:
    """Return what `doctor` prints."""
    return {setting.field: text for setting, text in config.in_force()}


def test_secrets_are_masked(read: Reader) -> None:
    """The settings in force are shown without passwords and keys."""
    config = read(
        secret_key=KEY,
        database_url="postgresql://team:hunter2@db.example.com:5432/plan?password=hunter2",
        redis_url="rediss://:hunter2@cache.example.com/1",
    )

    texts = shown(config)
    assert texts["secret_key"] == "••••••"
    assert texts["database_url"] == "postgresql+psycopg://••••••@db.example.com:5432/plan"
    assert texts["redis_url"] == "rediss://••••••@cache.example.com/1"
    assert "hunter2" not in str(texts)
    assert KEY not in str(texts)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("redis_url", "redis://:hunter2@a:port/0"),
        ("redis_url", "redis://:hunter2@a/0 redis://:hunter2@b/0"),
        ("redis_url", "redis://:hunter2/@a:6379/0"),
        ("redis_url", "redis://:hunter2#x@a:6379/0"),
        ("redis_url", "redis://:hunter2@a:99999/0"),
        ("redis_url", "redis://[hunter2@a/0"),
        ("redis_url", "unix:///run/hunter2 x.sock"),
        ("redis_url", "unix:///run/hunter2%20x.sock"),
        ("redis_url", "http://:hunter2@a/0"),
        ("database_url", "postgresql://u:hunter2@a:port/plan"),
        ("database_url", "postgresql://u:hunter2@a/plan postgresql://u:hunter2@b/plan"),
        ("database_url", "postgresql://u:hunter2/@a/plan"),
        ("database_url", "postgresql://u:hunter2#@a/plan"),
        ("database_url", "mysql://u:hunter2@a/plan"),
        ("reminders", "hunter2 mailto://x"),
    ],
)
def test_a_wrong_address_is_refused_without_its_secret(
    read: Reader, setting: str, value: str
) -> None:
    """The error names the setting and what to give, in one line."""
    with pytest.raises(ConfigError) as caught:
        read(**{setting: value})

    message = str(caught.value)
    assert message.startswith(f"CONTENTSVC_{setting.upper()}: ")
    assert "hunter2" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "address",
    [
        "unix:///run/v.sock?password=hunter2",
        "unix://u:hunter2@/run/v.sock",
        "redis://u:hunter2@a?password=hunter2",
        "rediss://:hunter2@[::1]:6379/1",
    ],
)
def test_every_address_is_masked(read: Reader, address: str) -> None:
    """No part of an address that may hold a password is shown."""
    assert "hunter2" not in shown(read(redis_url=address))["redis_url"]


@pytest.mark.parametrize("name", ["a?b", "line\nend", "tab\tx", "\x7f"])
def test_a_data_folder_that_no_url_can_name_is_refused(
    read: Reader, tmp_path: Path, name: str
) -> None:
    """The error names the setting, the folder and the character."""
    with pytest.raises(ConfigError, match=r"^CONTENTSVC_DATA_DIR: .*must not; give another"):
        read(data_dir=str(tmp_path / name))


def test_a_public_address_has_no_path(read: Reader) -> None:
    """A path would break links and static files, so it is refused at the start."""
    with pytest.raises(ConfigError, match=r"^CONTENTSVC_PUBLIC_URL: .*'/plan'"):
        read(public_url="https://example.com/plan")
    assert read(public_url="https://example.com/").public_url == "https://example.com"


def test_what_is_no_secret_is_shown(read: Reader, tmp_path: Path) -> None:
    """Values without a password are shown as they are, flags and times as they are written."""
    texts = shown(read(redis_url="unix:///run/v.sock", sample="off", call_timeout="2.5"))

    assert texts["database_url"] == f"sqlite:///{tmp_path / 'var' / 'contentsvc.db'}"
    assert texts["redis_url"] == "unix:///run/v.sock"
    assert (texts["sample"], texts["call_timeout"], texts["plugins_dir"]) == ("no", "2.5", "")
    assert texts["timezone"] == "Asia/Shanghai"


def test_secret_key_is_made_once_and_kept_for_the_owner(read: Reader, tmp_path: Path) -> None:
    """If unset, a long key is generated, stored with mode 0600 and read at the next start."""
    first = read().secret_key

    path = tmp_path / "var" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first) >= 64
    assert read().secret_key == first


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"a-long-enough-key-of-ours\nold\n"])
def test_an_empty_or_short_key_in_the_file_is_refused(
    read: Reader, tmp_path: Path, content: bytes
) -> None:
    """A truncated file is not used as a key that anybody can guess, and it is not overwritten."""
    path = tmp_path / "var" / "secret.key"
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=r"secret\.key has a key of less than 16 characters"):
        read()

    assert path.read_bytes() == content


def test_a_file_that_is_no_key_is_refused(read: Reader, tmp_path: Path) -> None:
    """Bytes that are not ASCII are no key."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret.key").write_bytes(b"\xff" * 64)

    with pytest.raises(ConfigError, match=r"secret\.key cannot be read: not ASCII"):
        read()


def test_a_key_is_stored_on_a_file_system_without_hard_links(
    read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is renamed there, and read at the next start."""

    def refuse(*_args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    first = read().secret_key

    assert read().secret_key == first
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_processes_that_start_together_have_one_key(read: Reader, tmp_path: Path) -> None:
    """The process that stores its key first decides, and no draft of the file is left."""
    read()
    first = (tmp_path / "var" / "secret.key").read_text().strip()

    store_secret_key(tmp_path / "var" / "secret.key", "another key of another process")

    assert read().secret_key == first
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_a_set_key_is_not_written_down(read: Reader, tmp_path: Path) -> None:
    """If a key is set, none is generated."""
    read(secret_key=KEY)

    assert not (tmp_path / "var" / "secret.key").exists()


def test_data_folder_is_made_for_the_owner(read: Reader, tmp_path: Path) -> None:
    """The data folder is created for its owner only, and the write test leaves no file."""
    read(secret_key=KEY)

    folder = tmp_path / "var"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []


def test_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The error for a data folder that cannot be created names it and the remedy."""
    (tmp_path / "var").write_text("", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"CONTENTSVC_DATA_DIR: .*give a folder that this user"):
        Config.from_env({"CONTENTSVC_DATA_DIR": str(tmp_path / "var" / "data")})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:9000"),
        ("::", "http://[::1]:9000"),
        ("::1", "http://[::1]:9000"),
        ("plan.local", "http://plan.local:9000"),
    ],
)
def test_public_url_can_be_opened(read: Reader, host: str, url: str) -> None:
    """The default public URL can be opened on this machine."""
    assert read(host=host, port="9000").public_url == url


def test_own_folders_are_looked_at_as_documented(read: Reader, tmp_path: Path) -> None:
    """A team's assets come before the shipped ones; its plugins come after."""
    own = tmp_path / "own"
    own.mkdir()

    config = read(assets_dir=str(own), plugins_dir=str(own))

    assert config.asset_folders() == [own.resolve(), shipped("assets").resolve()]
    assert config.plugin_folders()[-1] == own.resolve()


def test_a_folder_given_twice_is_looked_at_once(read: Reader) -> None:
    """Setting the shipped folder changes nothing."""
    folder = shipped("assets")

    assert read(assets_dir=str(folder)).asset_folders() == [folder.resolve()]


def test_upload_size_in_bytes(read: Reader) -> None:
    """A megabyte has 1024 times 1024 bytes."""
    assert read(max_upload_mb="2").max_upload_bytes == 2_097_152
