"""Tables with the texts of posters: text files, workbooks, and cells pasted from a spreadsheet."""
