"""The first plugin of the plugin author's guide, run as an author runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_GUIDE = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text("utf-8")
_EXAMPLES = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)


def test_the_first_plugin_passes_the_contract(tmp_path: Path) -> None:
    """The plugin and its test pass when pytest runs the two files as the guide prints them."""
    (tmp_path / "notebook.py").write_text(_EXAMPLES[0], "utf-8")
    (tmp_path / "test_notebook.py").write_text(_EXAMPLES[1], "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]

    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
