"""Renders entries: makes the post (rendition) that each channel will show, with its posters."""
