"""The plugin and the test that the chapter "A real channel" of docs/plugins.md writes."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

__all__ = ["plugin_source", "source_of_test"]

_GUIDE = Path(__file__).parents[1] / "docs" / "plugins.md"
#: The first line of a block that belongs to the class.
_METHOD = re.compile(r"@property\n|def \w+\(\s*self\b")


def _blocks() -> list[str]:
    chapter = _GUIDE.read_text("utf-8").partition("\n## A real channel\n")[2]
    return re.findall(r"```python\n(.*?)```", chapter.partition("\n## ")[0], re.DOTALL)


def plugin_source() -> str:
    """Return the file `plaza.py`: all blocks of the chapter but the last."""
    blocks = (
        # Methods stand closer together than functions.
        textwrap.indent(block.replace("\n\n\n", "\n\n"), "    ")
        if _METHOD.match(block)
        else f"\n{block}"
        for block in _blocks()[:-1]
    )
    return "\n".join(blocks).lstrip("\n")


def source_of_test() -> str:
    """Return the file `test_plaza.py`: the last block of the chapter."""
    return _blocks()[-1]
