"""The modules that a role imports when it starts."""

from __future__ import annotations

import subprocess
import sys

_ROLES = (
    "contentsvc.cli.running, contentsvc.assembly, contentsvc.services.delivery.dispatching, "
    "contentsvc.worker.process"
)
#: Tables of people and migrations: seldom opened, and a fifth of a second each to import.
_LATE = {"openpyxl", "alembic"}


def test_a_role_imports_nothing_that_it_seldom_needs() -> None:
    """No role imports modules that are slow to import and rarely needed."""
    script = f"import sys, {_ROLES}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )

    assert set(run.stdout.split()) & _LATE == set()
