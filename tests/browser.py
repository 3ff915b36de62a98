"""Finds the browser that the tests drive, and brings one where there is none.

`make test` runs this file: the system's Chromium or Chrome is taken, else Playwright downloads its
own, else Debian's package is installed where the user may do that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["BrowserMissingError", "bring_browser", "find_browser"]

_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")


class BrowserMissingError(RuntimeError):
    """The browser tests cannot run on this machine."""

    def __init__(self) -> None:
        """Say what helps."""
        super().__init__(
            "the browser tests need Chromium or Chrome and none runs here; install one "
            "(Debian: `apt-get install chromium`), or let `make test` run as root or with "
            "a network, so that it can bring one"
        )


def find_browser() -> str:
    """Return the path of a browser that starts; BrowserMissingError where there is none."""
    for path in _candidates():
        if _starts(path):
            return path
    raise BrowserMissingError


def bring_browser() -> str:
    """Return the path of a browser that starts, after installing one where there is none."""
    for install in (_download, _install_libraries, _install_package):
        try:
            return find_browser()
        except BrowserMissingError:
            install()
    return find_browser()


def _candidates() -> Iterator[str]:
    yield from filter(None, map(shutil.which, _NAMES))
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright"
    yield from map(str, sorted(Path(cache).glob("chromium-*/chrome-linux*/chrome"), reverse=True))


def _starts(path: str) -> bool:
    # Ubuntu's package of that name is a stub, and a download may lack the system's libraries.
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _download() -> None:
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def _install_libraries() -> None:
    _as_root(lambda: _run(sys.executable, "-m", "playwright", "install-deps", "chromium"))


def _install_package() -> None:
    def install() -> None:
        _run("apt-get", "update")
        _run("apt-get", "install", "-y", "--no-install-recommends", "chromium")

    _as_root(install)


def _as_root(install: Callable[[], None]) -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install()


def _run(*command: str) -> None:
    sys.stdout.write(f"+ {' '.join(command)}\n")
    sys.stdout.flush()
    subprocess.run(
        command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, timeout=600, check=False
    )


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Tests drive {bring_browser()}\n")
    except BrowserMissingError as error:
        sys.exit(f"error: {error}")
