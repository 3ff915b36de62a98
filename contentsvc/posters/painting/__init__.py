"""Paints a poster: lays out the texts of all layers, then paints every layer."""
