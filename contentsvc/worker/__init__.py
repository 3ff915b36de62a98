"""The worker processes and their job queue; only this package uses RQ."""
