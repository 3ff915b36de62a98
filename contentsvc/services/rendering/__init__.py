"""Renditions and posters: turn an entry into what each channel will show."""
