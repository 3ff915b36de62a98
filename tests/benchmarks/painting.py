"""The service's side of the posters' benchmark, in a process that holds nothing else."""

from __future__ import annotations

import io
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PIL import Image

from contentsvc.posters import (
    Batch,
    Brand,
    Fonts,
    PaintCache,
    Row,
    Template,
    encode,
    list_templates,
    load_brand,
    render,
    write_zip,
)

__all__ = ["photo"]

ASSETS = Path(__file__).parents[2] / "assets"
_INVITES = 1000


def photo() -> bytes:
    """Make a picture with as much detail as a photo: noise, softened, in colour."""
    bands = [Image.effect_noise((400, 300), 90) for _ in range(3)]
    picture = Image.merge("RGB", bands).resize((1600, 1200), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def _ours(*, small: bool) -> dict[str, object]:
    fonts, brand = Fonts(), load_brand(ASSETS / "brand.yaml")
    templates, _ = list_templates([ASSETS / "posters"])
    by_id = {template.id: template for template in templates}
    invites = _invites(by_id["invite"], brand, fonts, 100 if small else _INVITES)
    # The invitations come first: what they take at most is told before anything else is painted.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with_photo = {**by_id["live-notice"].samples(), "hero": "photo"}
    pictures = {"photo": photo()}
    first, later = [], []
    for template in templates:
        cold, warm = _first_and_later(template, template.samples(), brand, fonts, pictures)
        first.append(cold)
        later.append(warm)
    cold, warm = _first_and_later(by_id["live-notice"], with_photo, brand, fonts, pictures)
    image = _paint(by_id["live-notice"], with_photo, brand, fonts, pictures, PaintCache())
    figures = {
        "first render and JPEG, median of the templates": statistics.median(first),
        "first render and JPEG, slowest template": max(first),
        "later render with other words and JPEG, median": statistics.median(later),
        "later render with other words and JPEG, slowest": max(later),
        "first render with a photo and JPEG": cold,
        "later render with a photo and JPEG": warm,
        "an invitation of a thousand (name, code, QR) and JPEG": invites,
        "bare encoding, JPEG at 90": _cpu(lambda: encode(image, "jpeg"), 5),
        "bare encoding, PNG at level 1": _cpu(lambda: encode(image, "png"), 3),
    }
    return {"cpu_ms": figures, "peak_mb": peak}


def _first_and_later(
    template: Template,
    fields: Mapping[str, object],
    brand: Brand,
    fonts: Fonts,
    pictures: Mapping[str, bytes],
) -> tuple[float, float]:
    """Measure the first poster of a template, then others whose words all differ from it."""
    cache = PaintCache()
    cold = _cpu(lambda: encode(_paint(template, fields, brand, fonts, pictures, cache), "jpeg"), 1)
    others = iter(list(_reworded(template, fields)))
    encode(_paint(template, next(others), brand, fonts, pictures, cache), "jpeg")
    times = [
        _cpu(
            lambda given=given: encode(
                _paint(template, given, brand, fonts, pictures, cache), "jpeg"
            ),
            1,
        )
        for given in others
    ]
    return cold, statistics.median(times)


def _reworded(template: Template, fields: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Turn each text by some characters, so that no line of it was painted before."""
    for turn in range(1, 6):
        yield {
            name: value[turn:] + value[:turn]
            if isinstance(value, str) and template.fields[name].type == "text" and len(value) > turn
            else value
            for name, value in fields.items()
        }


def _paint(  # noqa: PLR0917 - a poster is made of as many things
    template: Template,
    fields: Mapping[str, object],
    brand: Brand,
    fonts: Fonts,
    pictures: Mapping[str, bytes],
    cache: PaintCache,
) -> Image.Image:
    poster = render(
        template, fields, brand=brand, pictures=pictures.__getitem__, fonts=fonts, cache=cache
    )
    return poster.image


def _invites(template: Template, brand: Brand, fonts: Fonts, count: int) -> float:
    shared = {name: value for name, value in template.samples().items() if isinstance(value, str)}
    rows = [
        Row(number, {**shared, "sharer": f"群友{number}", "code": f"NY{number:04d}",
                     "url": f"https://example.com/i/NY{number:04d}"})
        for number in range(count)
    ]  # fmt: skip
    batch = Batch(template, brand, {}.__getitem__, fonts)
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 - a device, not a path of ours
        return _cpu(lambda: write_zip(batch, rows, _Counted(sink)), 1) / count


class _Counted(io.RawIOBase):
    """A file that forgets what is written and knows where it stands, as a ZIP needs."""

    def __init__(self, sink: io.BufferedWriter) -> None:
        self._sink, self._at = sink, 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._at += self._sink.write(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        self._sink.flush()


def _cpu(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_ours(small="--small" in sys.argv)))
