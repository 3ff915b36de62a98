"""The worker processes and their job queue. Only this package uses RQ."""
