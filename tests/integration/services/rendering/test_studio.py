"""The poster studio: sketches, sample text, files and limits."""

from __future__ import annotations

import io
import random
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from contentsvc.db.session import Database
from contentsvc.errors import RenderError
from contentsvc.posters import Poster, parse_template
from contentsvc.posters.encoding import Format, encode
from contentsvc.services.rendering.painting import Painter, PosterRequest
from contentsvc.services.rendering.studio import (
    Bounds,
    Studio,
    StudioBusyError,
    file_name,
    fit_bytes,
)
from contentsvc.services.runtime import Runtime
from tests.factories import make_runtime

QUOTE = {"text": "慢慢来，比较快"}


class SlowPainter(Painter):
    """A painter that waits until a test lets it paint."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.began, self.let = threading.Semaphore(0), threading.Event()

    def paint(self, order: PosterRequest, watch: Callable[[], None] | None = None) -> Poster:
        self.began.release()
        assert self.let.wait(20)
        return super().paint(order, watch)


@pytest.fixture
def runtime(sqlite_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """Return a runtime; the studio does not use its database."""
    with closing(Database(sqlite_url)) as database:
        yield make_runtime(database, tmp_path)


@pytest.fixture
def studio(runtime: Runtime) -> Studio:
    """Return a studio with the default limits."""
    return Studio(runtime)


def order(studio: Studio, size: str = "1x1", **fields: object) -> PosterRequest:
    """Return a request for a poster of the template `quote`."""
    return PosterRequest(studio.painter.template("quote"), fields or QUOTE, size)


def test_a_sketch_is_the_poster_in_small(studio: Studio) -> None:
    """A sketch is the poster, reduced in size."""
    sketch = studio.sketch(order(studio))

    small = Image.open(io.BytesIO(sketch.poster.encoded.data))
    assert small.size == sketch.poster.size == (720, 720)
    assert (sketch.poster.encoded.media_type, sketch.sampled) == ("image/webp", ())


@pytest.mark.parametrize(("width", "narrower"), [(720, True), (360, False)])
def test_no_sketch_is_heavy(width: int, *, narrower: bool) -> None:
    """A picture that does not compress is made smaller, not refused; others keep their width."""
    noise = Image.frombytes("RGB", (1080, 1920), random.Random(1).randbytes(1080 * 1920 * 3))
    plain = Image.new("RGB", (1080, 1920), "red")

    small, same = (fit_bytes(image, width, 50_000) for image in (noise, plain))

    assert len(encode(small, "webp", 50_000).data) <= 50_000
    assert (small.width < width) is narrower
    assert same.size == (width, round(1920 * width / 1080))


def test_sample_words_stand_in_for_empty_fields(studio: Studio) -> None:
    """Empty fields show sample text and are listed, without warnings; filled fields stay."""
    blank = replace(order(studio), fields={})

    sketch = studio.sketch(blank, samples=True)

    assert "text" in sketch.sampled
    with pytest.raises(RenderError, match="required") as missing:
        studio.sketch(blank)
    assert missing.value.field == "text"
    given = studio.sketch(order(studio), samples=True)
    assert "text" not in given.sampled
    assert given.poster.encoded.data != sketch.poster.encoded.data


def test_an_entry_s_own_values_are_no_samples(studio: Studio) -> None:
    """A value from the entry is used before the sample text."""
    template = studio.painter.template("live-notice")
    said = PosterRequest(template, {}, "9x16", defaults={"title": "医生直播课", "host": "林晓"})

    sampled = studio.sketch(said, samples=True).sampled

    assert "points" in sampled
    assert not {"title1", "host"} & set(sampled)


@pytest.mark.parametrize(("kind", "ending"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_a_file_is_what_was_asked_for(studio: Studio, kind: Format, ending: str) -> None:
    """A file has the requested format and size limit, and is named after its text."""
    asked = replace(order(studio, "cover"), kind=kind, max_bytes=200_000)

    kept = studio.finish(asked)

    picture = Image.open(io.BytesIO(kept.encoded.data))
    assert (picture.size, picture.format) == ((1080, 460), kind.upper())
    assert len(kept.encoded.data) <= 200_000
    assert file_name(asked, "慢慢来，比较快/..") == f"语录-慢慢来比较快-cover.{ending}"


def test_every_size_comes_in_one_zip(studio: Studio) -> None:
    """The ZIP contains a file per size, each with its own name."""
    orders = [(f"{size}.png", order(studio, size)) for size in ("1x1", "cover")]

    bundle = zipfile.ZipFile(io.BytesIO(studio.bundle(orders)))

    sizes = {name: Image.open(io.BytesIO(bundle.read(name))).size for name in bundle.namelist()}
    assert sizes == {"1x1.png": (1080, 1080), "cover.png": (1080, 460)}


def test_two_posters_are_painted_at_the_same_time(runtime: Runtime) -> None:
    """A request beyond the limit waits, and fails with StudioBusyError after the wait."""
    painter = SlowPainter(runtime)
    studio = Studio(runtime, painter, Bounds(at_once=2, wait=0.05))
    first = [
        threading.Thread(target=studio.sketch, args=(order(studio, size),))
        for size in ("1x1", "cover")
    ]
    for thread in first:
        thread.start()
        assert painter.began.acquire(timeout=20)

    with pytest.raises(StudioBusyError, match="try again"):
        studio.sketch(order(studio, "3x4"))
    painter.let.set()
    for thread in first:
        thread.join(20)

    assert studio.sketch(order(studio, "3x4")).poster.size == (720, 960)


def test_a_painting_ends_at_its_time(runtime: Runtime) -> None:
    """Painting that takes too long is stopped, and the next request can be painted."""
    studio = Studio(runtime, bounds=Bounds(at_once=1, time=-1))

    for words in ("此前没人画过这一句", "也没人画过那一句"):
        with pytest.raises(RenderError, match="seconds to render"):
            studio.sketch(order(studio, text=words))


def test_a_canvas_beyond_its_pixels_is_not_begun(runtime: Runtime) -> None:
    """A canvas that is too large is refused; the error names the command that renders it."""
    studio = Studio(runtime, bounds=Bounds(pixels=1_000_000))

    with pytest.raises(RenderError, match="contentsvc posters render"):
        studio.finish(order(studio))


def test_an_unexpected_error_of_the_painter_is_logged(runtime: Runtime) -> None:
    """An unexpected error is logged, and the person gets a short message."""

    class Broken(Painter):
        def paint(self, order: PosterRequest, watch: Callable[[], None] | None = None) -> Poster:
            raise ZeroDivisionError

    studio = Studio(runtime, Broken(runtime))

    with pytest.raises(RenderError, match=r"ZeroDivisionError.*in the log"):
        studio.sketch(order(studio))


def test_a_thumbnail_is_painted_once(runtime: Runtime, studio: Studio) -> None:
    """A thumbnail is cached on disk for all processes, by brand and template."""
    template = studio.painter.template("quote")
    kept = studio.thumbnail(template, None)

    assert kept.size == (200, 356)
    assert Studio(runtime, SlowPainter(runtime)).thumbnail(template, None) == kept
    assert studio.thumbnail_key(template, None) != studio.thumbnail_key(template, "qinghe")


def test_a_template_knows_the_words_it_asks_for(posters_text: Callable[[str], str]) -> None:
    """A template lists the texts that its fields suggest."""
    template = parse_template(posters_text("live-notice"), "live-notice.yaml")

    assert template.choices("state") == ("正在直播", "精彩回放")
    assert template.choices("title1") == ()


@pytest.fixture
def posters_text() -> Callable[[str], str]:
    """Return a shipped template's text by its name."""
    folder = Path(__file__).parents[4] / "assets/posters"
    return lambda name: (folder / f"{name}.yaml").read_text(encoding="utf-8")
