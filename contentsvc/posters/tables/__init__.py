"""Tables of texts for posters: text files, workbooks and cells pasted from a spreadsheet."""
