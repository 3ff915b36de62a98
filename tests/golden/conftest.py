"""Fixtures: the same packaged fonts, brand and painting function that the unit tests use."""

from __future__ import annotations

from tests.unit.posters.conftest import brand, cache, fonts, paint

__all__ = ["brand", "cache", "fonts", "paint"]
