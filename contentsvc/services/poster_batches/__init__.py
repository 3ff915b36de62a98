"""Poster batches: create one from a table, check it, paint its rows, collect the results."""
