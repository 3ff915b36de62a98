"""Run every test at instants at which programs go wrong: `make clocks`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_SHANGHAI, _BERLIN, _LOS_ANGELES = "Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles"

#: The wall-clock time and the zone at which each run starts.
CLOCKS = {
    "sunday-night": ("2026-11-29T23:50", _SHANGHAI),
    "monday-morning": ("2026-11-30T00:05", _SHANGHAI),
    # ISO week 53 of 2026 ends on 3 January 2027.
    "last-minute-of-week-year-53": ("2026-12-31T23:59", _SHANGHAI),
    # At 02:00 the clocks go to 03:00; at 03:00 they go back to 02:00.
    "summer-time-begins": ("2027-03-28T01:50", _BERLIN),
    "summer-time-ends": ("2026-10-25T01:30", _BERLIN),
    "leap-day": ("2028-02-29T22:00", _SHANGHAI),
    # It is Monday in Shanghai, in whose week the shipped calendar is.
    "west-of-utc": ("2026-11-29T23:50", _LOS_ANGELES),
}


def main() -> None:
    """Run the tests at every clock, or at those that are named; exit with 1 if a run fails.

    A run of every test takes as long as `make test`; --tests names some of them.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clocks", nargs="*", metavar="CLOCK", help=", ".join(CLOCKS))
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.clocks) - CLOCKS.keys()):
        parser.error(f"no clock {', '.join(unknown)}; there are {', '.join(CLOCKS)}")
    failed = [name for name in chosen.clocks or CLOCKS if not _run(name, chosen.tests)]
    if failed:
        sys.exit(f"error: tests fail at {', '.join(failed)}")


def _run(name: str, tests: list[str]) -> bool:
    """Return whether all *tests* pass with the clock of that *name*."""
    wall, zone = CLOCKS[name]
    sys.stdout.write(f"\n{name}: {wall} in {zone}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="contentsvc-clock-") as folder:
        # PostgreSQL, started by root, becomes another user and reads the clock as well.
        Path(folder).chmod(0o755)
        library, file = Path(folder, "shift.so"), Path(folder, "clock")
        source = Path(__file__).with_name("shift.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        file.write_bytes(bytes(8))
        environ = {
            "LD_PRELOAD": str(library),
            "TEST_CLOCK_FILE": str(file),
            "TEST_CLOCK": datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).isoformat(),
            "TEST_ZONE": zone,
            "TZ": zone,
        }
        processes = (os.cpu_count() or 1) + 1
        command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", str(processes)]
        command += ["--dist", "loadscope", "--no-loadscope-reorder", *tests]
        return subprocess.run(command, env=os.environ | environ, check=False).returncode == 0


if __name__ == "__main__":
    main()
