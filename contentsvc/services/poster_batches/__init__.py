"""Poster batches: create a batch from a table, check it, paint its rows, collect the results."""
