"""Render entries: make the post that each channel will show (its rendition), with posters."""
