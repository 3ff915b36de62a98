"""The settings of the service, read once from `CONTENTSVC_*` environment variables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from contentsvc.domain.walltime import parse_zone
from contentsvc.errors import ConfigError

__all__ = ["SETTINGS", "Config", "Setting", "shipped"]

#: Stands where a secret would be shown.
_MASK = "••••••"
_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return the folder `plugins`, `calendars` or `assets` that came with this installation.

    In a checkout it stands beside the package; a wheel carries it inside.
    """
    checkout = _PACKAGE.parent
    inside = _PACKAGE / "shipped" / name
    return inside if inside.is_dir() else checkout / name


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable."""

    name: str
    #: As it would be written in the environment; empty where there is none.
    default: str
    help: str
    parse: Callable[[str], Any]
    secret: bool = False

    @property
    def field(self) -> str:
        """Return the name of the attribute of Config that holds it."""
        return self.name.removeprefix("CONTENTSVC_").lower()


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}") from None
        if not low <= number <= high:
            raise ValueError(f"{number} is not from {low} to {high}")
        return number

    return parse


def _seconds(low: float, high: float) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number of seconds") from None
        if not low <= number <= high:
            raise ValueError(f"{text} seconds are not from {low:g} to {high:g}")
        return timedelta(seconds=number)

    return parse


def _flag(text: str) -> bool:
    answers = {"1": True, "yes": True, "true": True, "on": True}
    answers |= {"0": False, "no": False, "false": False, "off": False}
    if text.lower() not in answers:
        raise ValueError(f"{text!r} is neither yes nor no")
    return answers[text.lower()]


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
        return text

    return parse


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _optional_folder(text: str) -> Path | None:
    if not text:
        return None
    folder = _folder(text)
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    return folder


def _database_url(text: str) -> str | None:
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    drivers = {
        "sqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
        "postgresql+psycopg": "postgresql+psycopg",
    }
    if scheme not in drivers or not rest:
        raise ValueError("give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return f"{drivers[scheme]}://{rest}"


def _redis_url(text: str) -> str | None:
    if not text:
        return None
    if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("give redis://HOST:PORT/0, rediss://… or unix:///path/to/socket")
    return text


def _public_url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
        raise ValueError(f"{text!r} is not an address such as https://plan.example.com")
    return text.rstrip("/")


def _reminders(text: str) -> tuple[str, ...]:
    addresses = tuple(text.split())
    for number, address in enumerate(addresses, 1):
        # The address may hold a token, so the message only counts.
        if "://" not in address:
            raise ValueError(f"number {number} is no address such as mailto://… or wecombot://…")
    return addresses


def _secret_key(text: str) -> str:
    # Short keys can be guessed; 16 characters of any kind is the least that is taken.
    if text and len(text) < 16:  # noqa: PLR2004 - said in the message
        raise ValueError("give at least 16 characters, or leave it unset to have one made")
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "CONTENTSVC_DATA_DIR",
        "var",
        "Folder of the database, the queue's file, pictures and the secret key.",
        _folder,
    ),
    Setting("CONTENTSVC_HOST", "127.0.0.1", "Address that the web server listens on.", str),
    Setting("CONTENTSVC_PORT", "8000", "Port that the web server listens on.", _integer(1, 65535)),
    Setting(
        "CONTENTSVC_PUBLIC_URL",
        "",
        "Address under which people reach the service; unset: http://HOST:PORT.",
        _public_url,
    ),
    Setting(
        "CONTENTSVC_DATABASE_URL",
        "",
        "SQLite or PostgreSQL; unset: a SQLite file in the data folder.",
        _database_url,
        secret=True,
    ),
    Setting(
        "CONTENTSVC_REDIS_URL",
        "",
        "Redis or Valkey; unset: the embedded one.",
        _redis_url,
        secret=True,
    ),
    Setting(
        "CONTENTSVC_PLUGINS_DIR",
        "",
        "Folder of your own plugins, loaded beside those that come along.",
        _optional_folder,
    ),
    Setting(
        "CONTENTSVC_CALENDARS_DIR",
        "calendars",
        "Folder of the calendar files that the calendars page shows.",
        _folder,
    ),
    Setting(
        "CONTENTSVC_ASSETS_DIR",
        "",
        "Folder of your own brand kit, templates and pictures, looked at before those that "
        "come along.",
        _optional_folder,
    ),
    Setting(
        "CONTENTSVC_SECRET_KEY",
        "",
        "Signs sessions and encrypts channels' secrets; unset: made once and kept in the data "
        "folder, mode 0600.",
        _secret_key,
        secret=True,
    ),
    Setting(
        "CONTENTSVC_TIMEZONE",
        "Asia/Shanghai",
        "Zone of a new calendar and of times that belong to none.",
        parse_zone,
    ),
    Setting(
        "CONTENTSVC_LANGUAGE",
        "zh",
        "Language before a person has chosen one: zh or en.",
        _choice("zh", "en"),
    ),
    Setting(
        "CONTENTSVC_SAMPLE",
        "yes",
        "Whether an empty database gets the sample calendar and the site channel.",
        _flag,
    ),
    Setting("CONTENTSVC_WORKERS", "2", "Publishing workers that `up` starts.", _integer(1, 64)),
    Setting(
        "CONTENTSVC_WEB_THREADS",
        "8",
        "Requests that the web server serves at once.",
        _integer(1, 64),
    ),
    Setting("CONTENTSVC_MAX_UPLOAD_MB", "16", "Largest upload, in megabytes.", _integer(1, 1024)),
    Setting(
        "CONTENTSVC_CALL_TIMEOUT",
        "30",
        "Seconds that one call to a platform may take in all.",
        _seconds(1, 600),
    ),
    Setting(
        "CONTENTSVC_LEASE",
        "90",
        "Seconds after which a silent worker's deliveries are taken from it; more than twice "
        "CONTENTSVC_CALL_TIMEOUT.",
        _seconds(2, 3600),
    ),
    Setting(
        "CONTENTSVC_LATE_POST",
        "7200",
        "Seconds after its time for which a post or poster is still worth publishing.",
        _seconds(1, 31 * 86400),
    ),
    Setting(
        "CONTENTSVC_LATE_NOTICE",
        "600",
        "Seconds after its time for which a livestream notice is still worth publishing.",
        _seconds(1, 31 * 86400),
    ),
    Setting(
        "CONTENTSVC_REVIEW_ON_EDIT",
        "yes",
        "Whether editing an approved entry sends it back to review.",
        _flag,
    ),
    Setting(
        "CONTENTSVC_REMINDERS",
        "",
        "Whom to tell when a delivery is unknown or failed or a channel pauses: addresses as "
        "apprise writes them, separated by spaces.",
        _reminders,
        secret=True,
    ),
    Setting(
        "CONTENTSVC_METRICS_TOKEN",
        "",
        "Bearer token that /metrics asks for; unset: only this machine is answered.",
        str,
        secret=True,
    ),
    Setting(
        "CONTENTSVC_LOG_LEVEL",
        "info",
        "Least severe line that is logged: debug, info, warning or error.",
        _choice("debug", "info", "warning", "error"),
    ),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force: an attribute a setting, in their order; then what follows of them."""

    data_dir: Path
    host: str
    port: int
    public_url: str
    database_url: str
    #: None means the embedded server.
    redis_url: str | None
    plugins_dir: Path | None
    calendars_dir: Path
    assets_dir: Path | None
    secret_key: str
    timezone: ZoneInfo
    language: str
    sample: bool
    workers: int
    web_threads: int
    max_upload_mb: int
    call_timeout: timedelta
    lease: timedelta
    late_post: timedelta
    late_notice: timedelta
    review_on_edit: bool
    reminders: tuple[str, ...]
    metrics_token: str
    log_level: str
    #: Follows from the settings: whether `public_url` was said. Else it is this machine's own,
    #: which readers cannot reach.
    has_public_url: bool

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; ConfigError names the first that cannot be used.

        The data folder is made where it is missing, and the secret key is made and kept there
        where none is set.
        """
        environ = os.environ if environ is None else environ
        _refuse_unknown(environ)
        values = {setting.field: _read(setting, environ) for setting in SETTINGS}
        _make_data_dir(values["data_dir"])
        values["secret_key"] = values["secret_key"] or _kept_secret_key(values["data_dir"])
        values["database_url"] = values["database_url"] or (
            f"sqlite:///{values['data_dir'] / 'contentsvc.db'}"
        )
        values["has_public_url"] = bool(values["public_url"])
        values["public_url"] = values["public_url"] or _local_url(values["host"], values["port"])
        if values["lease"] <= 2 * values["call_timeout"]:
            raise ConfigError(
                "CONTENTSVC_LEASE",
                f"{values['lease'].total_seconds():g} s are not more than twice "
                f"CONTENTSVC_CALL_TIMEOUT ({values['call_timeout'].total_seconds():g} s)",
            )
        return cls(**values)

    def plugin_folders(self) -> list[Path]:
        """Return the folders whose plugins are loaded, those that came along first."""
        return _distinct([shipped("plugins"), self.plugins_dir])

    def asset_folders(self) -> list[Path]:
        """Return the folders in which assets are looked for, the team's own first."""
        return _distinct([self.assets_dir, shipped("assets")])

    @property
    def max_upload_bytes(self) -> int:
        """Return the size of the largest upload in bytes."""
        return self.max_upload_mb * 1024 * 1024

    def in_force(self) -> list[tuple[Setting, str]]:
        """Return every setting with its value as text, secrets masked."""
        return [(setting, _shown(setting, getattr(self, setting.field))) for setting in SETTINGS]


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.name for setting in SETTINGS}
    for name in sorted(environ):
        if name.startswith("CONTENTSVC_") and name not in known:
            raise ConfigError(name, "there is no such setting; see `contentsvc doctor --settings`")


def _read(setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except ValueError as error:
        # A secret's value never reaches a message.
        words = "the value cannot be used" if setting.secret and not str(error) else str(error)
        raise ConfigError(setting.name, words) from error


def _make_data_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            "CONTENTSVC_DATA_DIR",
            f"{folder} cannot be written ({reason}); give a folder that this user may write",
        ) from error


def _kept_secret_key(folder: Path) -> str:
    path = folder / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key + "\n")
    return key


def _local_url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared
    if ":" in reachable and not reachable.startswith("["):
        reachable = f"[{reachable}]"
    return f"http://{reachable}:{port}"


def _distinct(folders: list[Path | None]) -> list[Path]:
    kept: dict[Path, None] = {}
    for folder in folders:
        if folder is not None and folder.is_dir():
            kept.setdefault(folder.resolve())
    return list(kept)


def _shown(setting: Setting, value: object) -> str:
    if setting.secret and value:
        return _MASK if isinstance(value, tuple) else _masked(str(value))
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or value == () else str(value)


def _masked(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme.startswith("sqlite") or not parts.netloc:
        return text if parts.scheme in {"sqlite", "unix"} else _MASK
    place = parts.netloc.rpartition("@")
    netloc = f"{_MASK}@{place[2]}" if place[1] else parts.netloc
    # A password may also stand in the query.
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
