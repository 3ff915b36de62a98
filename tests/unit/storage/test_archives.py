from __future__ import annotations

import io
import zipfile

from contentsvc.storage import Member, archive_size, stream_archive


def _members(*pairs: tuple[str, bytes]) -> list[Member]:
    return [Member(name, len(data), io.BytesIO(data).getvalue) for name, data in pairs]


def test_an_archive_is_valid_and_has_the_computed_size() -> None:
    """The chunks form a valid ZIP, with names in any language and of the computed size."""
    members = _members(("9x16/小满.jpg", b"\xff" * 50_000), ("report.csv", b""), ("a.txt", b"a"))

    whole = b"".join(stream_archive(members))

    assert len(whole) == archive_size(members)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["9x16/小满.jpg", "report.csv", "a.txt"]
        assert archive.read("9x16/小满.jpg") == b"\xff" * 50_000


def test_the_same_members_give_the_same_bytes() -> None:
    """An archive depends on its members only, not on the time or the machine."""
    members = _members(("a.jpg", b"1"), ("b.jpg", b"2"))

    assert b"".join(stream_archive(members)) == b"".join(stream_archive(members))


def test_one_member_is_read_at_a_time() -> None:
    """A member is read only after the members before it have been sent."""
    read: list[str] = []

    def member(name: str) -> Member:
        return Member(name, 4, lambda: read.append(name) or b"1234")  # type: ignore[func-returns-value]

    pieces = stream_archive([member("a"), member("b")])
    first = next(pieces)

    assert b"1234" in first
    assert read == ["a"]


def test_a_very_large_archive_has_no_computed_size() -> None:
    """An archive that needs ZIP64 has no computed size."""
    assert archive_size([Member("a", 2**32, bytes)]) is None
