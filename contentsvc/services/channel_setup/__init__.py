"""Configure channels (places to publish to), store their secrets, and create plugin objects."""
