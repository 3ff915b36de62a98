"""Everything on one machine: the embedded Valkey server, the web server and their supervisor."""
