"""The entry pages: the form, its live preview, an entry's steps and corrections."""
