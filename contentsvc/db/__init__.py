"""The database: models, the session and the migrations."""
