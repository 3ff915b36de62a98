"""Import and export calendar files, apply calendar templates, and copy a week to another."""
