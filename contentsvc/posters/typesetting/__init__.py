"""Typesetting of Chinese text: fonts, measuring, line breaking. Knows nothing of posters."""
