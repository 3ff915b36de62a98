"""The delivery engine: claim deliveries, send them, store the results, resolve unknown ones."""
