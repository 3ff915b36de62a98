"""The pages of operators: processes and settings, plugins, metrics and the health check."""
