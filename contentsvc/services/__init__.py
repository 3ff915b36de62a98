"""The use cases of the application, one per module, called by the web pages and the CLI.

Most functions take a database session and the current time as arguments.
"""
