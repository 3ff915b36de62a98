"""Kept renditions in memory: the last ones, whole."""

from __future__ import annotations

import pytest

from contentsvc.channels import Picture, Rendition
from contentsvc.errors import NotFoundError
from contentsvc.services import renditions
from contentsvc.services.renditions import Renditions, prepare, store_rendition
from contentsvc.services.runtime import Runtime


def kept(runtime: Runtime, *said: Rendition) -> list[str]:
    prepared = [prepare(runtime, one) for one in said]
    with runtime.database.write() as session:
        for one in prepared:
            store_rendition(runtime, session, one)
    return [one.hash for one in prepared]


def of(number: int, size: int = 0) -> Rendition:
    content = bytes([number]) * size
    picture = Picture(
        name="a.png", media_type="image/png", width=1, height=1, alt="图", content=content
    )
    return Rendition(title=f"第 {number} 篇", text="正文", pictures=(picture,) if size else ())


def test_what_is_loaded_again_is_the_same(runtime: Runtime) -> None:
    """The second time without the database."""
    (digest,) = kept(runtime, of(1, 10))
    held = Renditions(runtime)
    with runtime.database.read() as session:
        first = held.load(session, digest)
        second = held.load(session, digest)

    assert first == of(1, 10)
    assert second is first


def test_what_is_not_there_is_asked_for_again(runtime: Runtime) -> None:
    """A rendition that is missing now may be made later."""
    held = Renditions(runtime)
    with runtime.database.read() as session, pytest.raises(NotFoundError):
        held.load(session, prepare(runtime, of(1)).hash)

    (digest,) = kept(runtime, of(1))
    with runtime.database.read() as session:
        assert held.load(session, digest) == of(1)


@pytest.mark.parametrize(("limit", "most"), [("_MOST_CACHED", 2), ("_MOST_CACHED_BYTES", 250)])
def test_the_oldest_go_first(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    """By their number and by their pictures' bytes; the one just asked for always stays."""
    monkeypatch.setattr(renditions, limit, most)
    digests = kept(runtime, of(1, 100), of(2, 100), of(3, 100))
    held = Renditions(runtime)
    with runtime.database.read() as session:
        first, second = (held.load(session, digest) for digest in digests[:2])
        # Used again, so the other one is older.
        assert held.load(session, digests[0]) is first
        held.load(session, digests[2])

        assert held.load(session, digests[0]) is first
        assert held.load(session, digests[1]) is not second


def test_one_that_is_larger_than_all_may_be_is_held(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst of one large rendition reads its pictures once."""
    monkeypatch.setattr(renditions, "_MOST_CACHED_BYTES", 50)
    (digest,) = kept(runtime, of(1, 100))
    held = Renditions(runtime)
    with runtime.database.read() as session:
        assert held.load(session, digest) is held.load(session, digest)
