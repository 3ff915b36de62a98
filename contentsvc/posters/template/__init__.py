"""Poster templates: their schema, how they are loaded, checked and explained."""
