"""Run all processes of the service on one machine, and restart those that die."""
