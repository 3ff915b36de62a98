"""Render entries: make the rendition that each channel will show, with its posters."""
