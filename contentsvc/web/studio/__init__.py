"""The poster studio pages and the template gallery."""
