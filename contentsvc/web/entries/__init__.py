"""The pages of entries: the form with its live preview, the steps and the corrections."""
