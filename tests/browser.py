"""Find the browser for the tests, and install one if there is none.

`make test` runs this file. It uses the system's Chromium or Chrome. If there is none, Playwright
downloads its own; if that fails and the user is root, Debian's package is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["BrowserMissingError", "find_browser", "install_browser"]

_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")


class BrowserMissingError(RuntimeError):
    """The browser tests cannot run on this machine."""

    def __init__(self) -> None:
        """Create the error with a message that says how to install a browser."""
        super().__init__(
            "the browser tests need Chromium or Chrome and none runs here; install one "
            "(Debian: `apt-get install chromium`), or let `make test` run as root or with "
            "a network, so that it can install one"
        )


def find_browser() -> str:
    """Return the path of a browser that starts.

    Raises:
        BrowserMissingError: no installed browser starts.
    """
    for path in _candidates():
        if _starts(path):
            return path
    raise BrowserMissingError


def install_browser() -> str:
    """Return the path of a browser that starts; install one first if there is none.

    Raises:
        BrowserMissingError: no browser could be installed.
    """
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
    # Ubuntu's package `chromium` is a stub, and a downloaded browser may lack system libraries.
    try:
        run = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


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
        sys.stdout.write(f"Tests drive {install_browser()}\n")
    except BrowserMissingError as error:
        sys.exit(f"error: {error}")
