"""Weekly content calendars, rendered for each channel by plugins and published once, on time."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("contentsvc")
