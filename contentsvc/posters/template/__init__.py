"""Poster templates: their schema, how they are loaded and checked, and messages about faults."""
