"""The workers and the queue that leads to them: the only code that knows RQ."""
