"""Painting of a poster: every layer is laid out, then painted."""
