"""One use case a module. A service takes a session, values and a clock's reading."""
