"""Run every process on one machine: the embedded Valkey server, the web server, a supervisor."""
