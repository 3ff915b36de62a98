"""The database: tables, sessions, bulk statements and migrations."""
