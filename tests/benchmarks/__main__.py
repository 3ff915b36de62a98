"""Run all benchmarks or the named ones: `python -m tests.benchmarks [NAME …] [--small]`."""

from __future__ import annotations

import sys

from tests.benchmarks import blocking, burst, history, idle, lateness

_ALL = {
    "lateness": lateness,
    "blocking": blocking,
    "burst": burst,
    "history": history,
    "idle": idle,
}

if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word in _ALL]
    options = [word for word in sys.argv[1:] if word not in _ALL]
    for name in named or _ALL:
        sys.stdout.write(f"## {name}\n\n{_ALL[name].main(options)}\n")
        sys.stdout.flush()
