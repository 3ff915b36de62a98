"""Run every property test with fresh seeds for five minutes: `make fuzz`.

Each round runs all property tests with one seed, which is printed before the round.
`SEED=n make fuzz` runs one round with the seed *n* again.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time

__all__ = ["main"]

#: Seconds; a round that began within them is run to its end.
_SECONDS = 300
#: One process more than there are cores, as `make test` has.
_PROCESSES = (os.cpu_count() or 1) + 1


def main() -> int:
    """Run rounds until the time is over or a round fails, and return pytest's exit code."""
    given = os.environ.get("SEED")
    if given:
        return _round(int(given))
    began = time.monotonic()
    while time.monotonic() - began < _SECONDS:
        seed = secrets.randbelow(2**31)
        code = _round(seed)
        if code:
            _say(f"Repeat the failing round with: SEED={seed} make fuzz")
            return code
    return 0


def _round(seed: int) -> int:
    _say(f"Running all property tests with seed {seed}")
    command = [sys.executable, "-m", "pytest", "-m", "hypothesis", "--hypothesis-profile=fuzz"]
    command += [f"--hypothesis-seed={seed}", "-p", "no:randomly", "-q"]
    command += [f"--numprocesses={_PROCESSES}", "--timeout=600", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
