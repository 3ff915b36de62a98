"""Corrections of a livestream whose notices are already published."""
