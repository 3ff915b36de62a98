"""Poster templates: their schema, loading, checks, and messages about faults."""
