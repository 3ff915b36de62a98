"""Running the service: heartbeats, health, lateness figures, reminders for people."""
