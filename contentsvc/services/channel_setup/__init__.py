"""Configure channels, store their secrets, and open them for publishing."""
