"""Runs all processes of the service on one machine, and restarts those that die."""
