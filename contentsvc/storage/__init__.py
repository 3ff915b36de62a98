"""Files by content hash."""

from contentsvc.storage.local import FileStorage

__all__ = ["FileStorage"]
