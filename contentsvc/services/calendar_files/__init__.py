"""Calendar files and templates: import, export, stamping on a week, the calendars folder."""
