"""Calendar files and templates: import, export, copying of weeks, and the calendars folder."""
