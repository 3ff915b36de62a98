"""Monitor the service: heartbeats, health, lateness figures and reminders."""
