"""Store files by content hash, and stream ZIP archives of them."""

from contentsvc.storage.archives import Member, archive_size, stream_archive
from contentsvc.storage.local import FileStorage

__all__ = ["FileStorage", "Member", "archive_size", "stream_archive"]
