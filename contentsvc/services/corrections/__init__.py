"""Find, propose and publish corrections after an announced livestream has changed."""
