"""Measurements of our own posters, in a process that does nothing else."""

from __future__ import annotations

import io
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, cast

from PIL import Image

from contentsvc.posters import (
    Brand,
    Fonts,
    PaintCache,
    PosterSetup,
    Row,
    Template,
    encode,
    list_templates,
    load_brand,
    render,
    shared_cache,
    write_zip,
)
from contentsvc.posters.encoding import Encoded

__all__ = ["photo"]

ASSETS = Path(__file__).parents[2] / "assets"
_INVITES = 1000


def photo() -> bytes:
    """Return a JPEG with about as much detail as a photo: coloured noise of three sizes."""
    out = io.BytesIO()
    Image.merge("RGB", [_band() for _ in range(3)]).save(out, "JPEG", quality=90)
    return out.getvalue()


def _band() -> Image.Image:
    layers = [
        Image.effect_noise(size, 90).resize((1600, 1200), Image.Resampling.BICUBIC)
        for size in ((16, 12), (80, 60), (800, 600))
    ]
    return Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.08)


def _templates(*, small: bool) -> dict[str, object]:
    """Measure the first and later posters of each template, in one process."""
    fonts, brand, by_id = Fonts(), load_brand(ASSETS / "brand.yaml"), _by_id()
    first, later = {}, {}
    for name, template in list(by_id.items())[: 3 if small else None]:
        first[name], later[name] = _first_and_later(template, template.samples(), brand, fonts, {})
    image = _paint(template, template.samples(), brand, fonts, {}, PaintCache())
    figures = {
        "first poster and JPEG, median of the templates": statistics.median(first.values()),
        "first poster and JPEG, slowest template": max(first.values()),
        "later poster with other words and JPEG, median": statistics.median(later.values()),
        "later poster with other words and JPEG, slowest": max(later.values()),
        "bare encoding, JPEG at 90": _cpu(lambda: encode(image, "jpeg"), 5),
        "bare encoding, PNG at level 1": _cpu(lambda: encode(image, "png"), 3),
    }
    return {"first": first, "later": later, "figures": figures, "peak_mb": _peak()}


def _photo(*, small: bool) -> dict[str, object]:
    """Measure the livestream notice with a photo, in its own process."""
    del small
    fonts, brand, template = Fonts(), load_brand(ASSETS / "brand.yaml"), _by_id()["live-notice"]
    fields = {**template.samples(), "hero": "photo"}
    first, later = _first_and_later(template, fields, brand, fonts, {"photo": photo()})
    return {"first": first, "later": later, "peak_mb": _peak()}


def _batch(*, small: bool) -> dict[str, object]:
    """Measure a batch of invitations with different names, codes and links."""
    fonts, brand = Fonts(), load_brand(ASSETS / "brand.yaml")
    spent = _invites(_by_id()["invite"], brand, fonts, 100 if small else _INVITES)
    name = "an invitation of a thousand (name, code, QR) and JPEG"
    return {"figures": {name: spent}, "peak_mb": _peak()}


def _fresh(*, small: bool) -> dict[str, object]:
    """Measure the first poster of a process that uses the snapshots of an earlier process."""
    fonts, brand, by_id = Fonts(), load_brand(ASSETS / "brand.yaml"), _by_id()
    spent = []
    with tempfile.TemporaryDirectory(prefix="bench-posters-") as folder:
        for template in list(by_id.values())[: 3 if small else None]:
            words = _reworded(template, template.samples())
            cache = shared_cache(Path(folder))
            for given in islice(words, 3):
                _paint(template, given, brand, fonts, {}, cache)
            # A new cache and new fonts are as empty as those of a process that was just forked.
            cache, new = shared_cache(Path(folder)), Fonts()
            given = next(words)
            spent.append(
                _cpu(
                    partial(_paint_jpeg, template, given, brand, new, {}, cache),
                    1,
                )
            )
    name = "first poster of a forked worker, folder filled, and JPEG, median"
    return {"figures": {name: statistics.median(spent)}}


def _by_id() -> dict[str, Template]:
    templates, _ = list_templates([ASSETS / "posters"])
    return {template.id: template for template in templates}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _first_and_later(
    template: Template,
    fields: Mapping[str, object],
    brand: Brand,
    fonts: Fonts,
    pictures: Mapping[str, bytes],
) -> tuple[float, float]:
    """Return the CPU milliseconds of a template's first poster, and of later ones (median).

    Later posters have other texts.
    """
    cache = PaintCache()
    cold = _cpu(lambda: encode(_paint(template, fields, brand, fonts, pictures, cache), "jpeg"), 1)
    others = iter(list(_reworded(template, fields)))
    encode(_paint(template, next(others), brand, fonts, pictures, cache), "jpeg")
    times = [
        _cpu(
            partial(_paint_jpeg, template, given, brand, fonts, pictures, cache),
            1,
        )
        for given in others
    ]
    return cold, statistics.median(times)


def _reworded(template: Template, fields: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Yield *fields* with each text rotated by 1 to 5 characters, so that every line is new."""
    for turn in range(1, 6):
        yield {
            name: value[turn:] + value[:turn]
            if isinstance(value, str) and template.fields[name].type == "text" and len(value) > turn
            else value
            for name, value in fields.items()
        }


def _paint(  # noqa: PLR0917 - a poster depends on that many values
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


def _paint_jpeg(  # noqa: PLR0917 - as above
    template: Template,
    fields: Mapping[str, object],
    brand: Brand,
    fonts: Fonts,
    pictures: Mapping[str, bytes],
    cache: PaintCache,
) -> Encoded:
    return encode(_paint(template, fields, brand, fonts, pictures, cache), "jpeg")


def _invites(template: Template, brand: Brand, fonts: Fonts, count: int) -> float:
    shared = {name: value for name, value in template.samples().items() if isinstance(value, str)}
    rows = [
        Row(number, {**shared, "sharer": f"群友{number}", "code": f"NY{number:04d}",
                     "url": f"https://example.com/i/NY{number:04d}"})
        for number in range(count)
    ]  # fmt: skip
    batch = PosterSetup(template, brand, dict[str, bytes]().__getitem__, fonts)
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 - a device, not a path of ours
        return _cpu(lambda: write_zip(batch, rows, cast("IO[bytes]", _Counted(sink))), 1) / count


class _Counted(io.RawIOBase):
    """A file that discards its data but knows its position, which writing a ZIP needs."""

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
    parts = {"templates": _templates, "photo": _photo, "invites": _batch, "fresh": _fresh}
    sys.stdout.write(json.dumps(parts[sys.argv[1]](small="--small" in sys.argv)))
