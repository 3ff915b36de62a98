"""Publishes each delivery (one post to one channel) when it is due, and stores the result."""
