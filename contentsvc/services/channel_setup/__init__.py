"""Channels: configure them, store their secrets, open them for publishing."""
