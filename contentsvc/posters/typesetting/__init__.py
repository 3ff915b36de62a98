"""Set Chinese text: measure characters, break lines, find fonts. Imports nothing outside itself."""
