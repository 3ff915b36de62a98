"""Publish each delivery (one post to one channel) when it is due, and store the result."""
