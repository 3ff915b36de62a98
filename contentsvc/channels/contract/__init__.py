"""Pytest classes with tests that every channel must pass. A plugin's test class subclasses one."""

from contentsvc.channels.contract.http import HttpChannelContract
from contentsvc.channels.contract.publishing import ChannelContract
from contentsvc.channels.contract.rendering import RenderContract

__all__ = ["ChannelContract", "HttpChannelContract", "RenderContract"]
