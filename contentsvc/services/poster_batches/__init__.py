"""Poster batches: turn each row of a table into a poster, in one or more sizes."""
