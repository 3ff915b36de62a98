"""A service that publishes the posts of weekly content calendars through plugins, on schedule."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("contentsvc")
