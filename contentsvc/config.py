"""The settings of the service, read once from `CONTENTSVC_*` environment variables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from contentsvc.domain.typed_text import half_width, typed_address
from contentsvc.domain.walltime import parse_zone
from contentsvc.errors import ConfigError, InputError
from contentsvc.masking import MASK
from contentsvc.messages import Message

__all__ = ["SETTINGS", "Config", "Setting", "new_secret_key", "shipped", "store_secret_key"]

#: The fewest characters of a secret key.
_SHORTEST_KEY = 16
_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return the path of the installation's folder *name*: `plugins`, `calendars` or `assets`.

    In a checkout the folder is beside the package; in an installed wheel it is inside the package.
    """
    checkout = _PACKAGE.parent
    inside = _PACKAGE / "shipped" / name
    return inside if inside.is_dir() else checkout / name


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default, its parser and whether it holds a secret.

    `parse` turns the variable's text into the value. It raises InputError or ValueError if the
    text cannot be used.
    """

    name: str
    #: The default as it would be written in the environment; empty if the setting is unset.
    default: str
    parse: Callable[[str], Any]
    secret: bool = False

    @property
    def field(self) -> str:
        """The name of the attribute of Config that holds the value, such as `data_dir`."""
        return self.name.removeprefix("CONTENTSVC_").lower()

    @property
    def description(self) -> Message:
        """A sentence that says what the setting is for."""
        return Message(f"setting-help-{self.field.replace('_', '-')}")

    @property
    def help(self) -> str:
        """The description of the setting, in English."""
        return str(self.description)


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(half_width(text))
        except ValueError:
            raise InputError("setting-not-integer", value=text, low=low, high=high) from None
        if not low <= number <= high:
            raise InputError("setting-out-of-range", value=number, low=low, high=high)
        return number

    return parse


def _seconds(low: float, high: float) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        try:
            number = float(half_width(text))
        except ValueError:
            raise InputError("setting-not-seconds", value=text) from None
        if not low <= number <= high:
            raise InputError("setting-seconds-out-of-range", value=text, low=low, high=high)
        return timedelta(seconds=number)

    return parse


def _flag(text: str) -> bool:
    values = {"1": True, "yes": True, "true": True, "on": True}
    values |= {"0": False, "no": False, "false": False, "off": False}
    typed = half_width(text).lower()
    if typed not in values:
        raise InputError("setting-not-yes-or-no", value=text)
    return values[typed]


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        typed = half_width(text)
        if typed not in allowed:
            raise InputError("setting-not-allowed", value=text, allowed=allowed)
        return typed

    return parse


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _data_folder(text: str) -> Path:
    folder = _folder(text)
    # In a database URL the question mark begins the options.
    if bad := next((char for char in str(folder) if char == "?" or not char.isprintable()), ""):
        raise InputError("setting-folder-character", folder=str(folder), character=bad)
    return folder


def _optional_folder(text: str) -> Path | None:
    if not text:
        return None
    folder = _folder(text)
    if not folder.is_dir():
        raise InputError("setting-not-folder", folder=str(folder))
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
    if scheme not in drivers or not rest or (scheme != "sqlite" and not _is_one_address(text)):
        raise InputError("setting-not-database-url")
    return f"{drivers[scheme]}://{rest}"


def _is_one_address(text: str) -> bool:
    """Return True if *text* is one URL whose host, port and password can be told apart.

    If a password contains a slash or a hash sign, its rest would count as the path, and be shown.
    """
    try:
        parts = urlsplit(text)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_blank = any(char.isspace() for char in text)
    return port_is_number and not has_blank and not parts.fragment and "@" not in parts.path


def _redis_url(text: str) -> str | None:
    if not text:
        return None
    scheme = text.partition("://")[0]
    if scheme not in {"redis", "rediss", "unix"} or not _is_one_address(text):
        raise InputError("setting-not-redis-url")
    if scheme == "unix" and any(char.isspace() for char in unquote(urlsplit(text).path)):
        # The client cannot read the server's answer about such a connection.
        raise InputError("setting-redis-socket-blank")
    return text


def _public_url(text: str) -> str | None:
    if not text:
        return None
    text = typed_address(text)
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
        raise InputError("setting-not-public-url", value=text)
    if parts.path.strip("/"):
        raise InputError("setting-public-url-path", value=text, path=parts.path)
    return text.rstrip("/")


def _reminders(text: str) -> tuple[str, ...]:
    addresses = tuple(text.split())
    for number, address in enumerate(addresses, 1):
        # The address may contain a token, so the message gives its position instead.
        if "://" not in address:
            raise InputError("setting-not-reminder-address", number=number)
    return addresses


def _secret_key(text: str) -> str:
    """Return the secret keys in *text*, one a line: the present one, then old ones."""
    keys = _lines(text)
    # An attacker can guess a short key.
    if keys and min(map(len, keys)) < _SHORTEST_KEY:
        raise InputError("setting-secret-key-short", least=_SHORTEST_KEY)
    return "\n".join(keys)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _web_processes(text: str) -> int:
    """Return the number of web server processes; `auto` is one per core, at most four."""
    return min(4, os.cpu_count() or 1) if text == "auto" else _integer(1, 64)(text)


SETTINGS: tuple[Setting, ...] = (
    Setting("CONTENTSVC_DATA_DIR", "var", _data_folder),
    Setting("CONTENTSVC_HOST", "127.0.0.1", str),
    Setting("CONTENTSVC_PORT", "8000", _integer(1, 65535)),
    Setting("CONTENTSVC_PUBLIC_URL", "", _public_url),
    Setting("CONTENTSVC_DATABASE_URL", "", _database_url, secret=True),
    Setting("CONTENTSVC_REDIS_URL", "", _redis_url, secret=True),
    Setting("CONTENTSVC_PLUGINS_DIR", "", _optional_folder),
    Setting("CONTENTSVC_CALENDARS_DIR", "calendars", _folder),
    Setting("CONTENTSVC_ASSETS_DIR", "", _optional_folder),
    Setting("CONTENTSVC_SECRET_KEY", "", _secret_key, secret=True),
    Setting("CONTENTSVC_TIMEZONE", "Asia/Shanghai", parse_zone),
    Setting("CONTENTSVC_LANGUAGE", "zh", _choice("zh", "en")),
    Setting("CONTENTSVC_SAMPLE", "yes", _flag),
    Setting("CONTENTSVC_WORKERS", "2", _integer(1, 64)),
    Setting("CONTENTSVC_WEB_PROCESSES", "auto", _web_processes),
    Setting("CONTENTSVC_WEB_THREADS", "8", _integer(1, 64)),
    Setting("CONTENTSVC_MAX_UPLOAD_MB", "16", _integer(1, 1024)),
    Setting("CONTENTSVC_CALL_TIMEOUT", "30", _seconds(1, 600)),
    Setting("CONTENTSVC_LEASE", "90", _seconds(2, 3600)),
    Setting("CONTENTSVC_LATE_POST", "7200", _seconds(1, 31 * 86400)),
    Setting("CONTENTSVC_LATE_NOTICE", "600", _seconds(1, 31 * 86400)),
    Setting("CONTENTSVC_REVIEW_ON_EDIT", "yes", _flag),
    Setting("CONTENTSVC_REMINDERS", "", _reminders, secret=True),
    Setting("CONTENTSVC_METRICS_TOKEN", "", str, secret=True),
    Setting("CONTENTSVC_LOG_LEVEL", "info", _choice("debug", "info", "warning", "error")),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The values of all settings that this process uses.

    Every setting has one attribute, in the order of SETTINGS. Attributes that are derived from
    the settings come last.
    """

    data_dir: Path
    host: str
    port: int
    public_url: str
    database_url: str
    #: None selects the embedded Valkey server.
    redis_url: str | None
    plugins_dir: Path | None
    calendars_dir: Path
    assets_dir: Path | None
    #: One or more keys, one a line. The first encrypts and signs; the others only decrypt what was
    #: encrypted before `contentsvc secrets rotate`.
    secret_key: str
    timezone: ZoneInfo
    language: str
    sample: bool
    workers: int
    web_processes: int
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
    #: Derived: whether CONTENTSVC_PUBLIC_URL is set. If it is not, `public_url` is an address of
    #: this machine, which readers elsewhere cannot reach.
    has_public_url: bool

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Return the settings read from *environ*, by default from the process's environment.

        Create the data folder if it does not exist. If no secret key is set, read the key stored
        in the data folder, or generate and store one.

        Raises:
            ConfigError: a setting cannot be used; the error names the first such setting.
        """
        environ = os.environ if environ is None else environ
        _refuse_unknown(environ)
        values = {setting.field: _read(setting, environ) for setting in SETTINGS}
        _make_data_dir(values["data_dir"])
        values["secret_key"] = values["secret_key"] or _stored_secret_key(values["data_dir"])
        values["database_url"] = values["database_url"] or (
            f"sqlite:///{values['data_dir'] / 'contentsvc.db'}"
        )
        values["has_public_url"] = bool(values["public_url"])
        values["public_url"] = values["public_url"] or _local_url(values["host"], values["port"])
        if values["lease"] <= 2 * values["call_timeout"]:
            raise ConfigError(
                "CONTENTSVC_LEASE",
                "lease-too-short",
                lease=values["lease"].total_seconds(),
                call_timeout=values["call_timeout"].total_seconds(),
            )
        return cls(**values)

    def plugin_folders(self) -> list[Path]:
        """Return the folders to load plugins from: the installation's, then the configured one."""
        return _distinct([shipped("plugins"), self.plugins_dir])

    def asset_folders(self) -> list[Path]:
        """Return the folders to search for fonts and other assets, the configured one first."""
        return _distinct([self.assets_dir, shipped("assets")])

    @property
    def max_upload_bytes(self) -> int:
        """The maximum size of an upload, in bytes."""
        return self.max_upload_mb * 1024 * 1024

    def in_force(self) -> list[tuple[Setting, str]]:
        """Return every setting with its value as text, in which secrets are masked."""
        return [(setting, _shown(setting, getattr(self, setting.field))) for setting in SETTINGS]


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.name for setting in SETTINGS}
    for name in sorted(environ):
        if name.startswith("CONTENTSVC_") and name not in known:
            raise ConfigError(name, "setting-unknown")


def _read(setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    try:
        return setting.parse(text)
    except (InputError, ValueError) as error:
        # No parser of a secret repeats the secret's value in its message.
        raise ConfigError(setting.name, _message_of(error)) from error


def _message_of(error: Exception) -> Message:
    if isinstance(error, InputError):
        return error.message
    return Message.of(error.args[0] if error.args else "setting-unusable")


def _make_data_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".writable-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            "CONTENTSVC_DATA_DIR",
            "folder-not-writable",
            folder=str(folder),
            reason=error.strerror or str(error),
        ) from error


def _stored_secret_key(folder: Path) -> str:
    """Return the secret keys in the data folder; generate a key if there is no file.

    Raises:
        ConfigError: the file cannot be read, or a key in it is too short.
    """
    path = folder / "secret.key"
    if not path.exists():
        store_secret_key(path, new_secret_key())
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not ASCII"
        raise ConfigError(
            "CONTENTSVC_SECRET_KEY", "secret-key-file-unreadable", file=str(path), reason=reason
        ) from error
    keys = _lines(text)
    if not keys or min(map(len, keys)) < _SHORTEST_KEY:
        raise ConfigError(
            "CONTENTSVC_SECRET_KEY", "secret-key-file-short", file=str(path), least=_SHORTEST_KEY
        )
    return "\n".join(keys)


def new_secret_key() -> str:
    """Return a random secret key of 64 characters."""
    return secrets.token_urlsafe(48)


def store_secret_key(path: Path, text: str, *, replace: bool = False) -> None:
    """Write *text* to a new file that only its owner may read, and rename that to *path*.

    A power failure leaves the whole old file or the whole new one. Without *replace*, a file that
    another process has stored first is kept.
    """
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            _link_or_rename(part, path)
    finally:
        part.unlink(missing_ok=True)


def _link_or_rename(part: Path, path: Path) -> None:
    """Give *part* the name *path* unless there is such a file, which another process stored."""
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    except OSError:
        # Some file systems, such as those of memory cards, have no hard links.
        if not path.exists():
            part.replace(path)


def _local_url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared
    if ":" in reachable and not reachable.startswith("["):
        reachable = f"[{reachable}]"
    return f"http://{reachable}:{port}"


def _distinct(folders: list[Path | None]) -> list[Path]:
    existing = (folder for folder in folders if folder is not None and folder.is_dir())
    return list(dict.fromkeys(folder.resolve() for folder in existing))


def _shown(setting: Setting, value: object) -> str:
    if setting.secret and value:
        return MASK if isinstance(value, tuple) else _masked(str(value))
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or value == () else str(value)


def _masked(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme.startswith("sqlite") or not parts.netloc:
        # The options may contain a password.
        return text.partition("?")[0] if parts.scheme in {"sqlite", "unix"} else MASK
    if not _is_one_address(text):
        return MASK
    credentials, _, host = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{host}" if credentials else parts.netloc
    # The query may contain a password as well.
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
