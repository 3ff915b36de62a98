"""Typesets Chinese text: fonts, measuring and line breaking, independent of posters."""
