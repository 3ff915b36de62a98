"""Calendar files and templates: import, export, stamp on a week, keep in a folder."""
