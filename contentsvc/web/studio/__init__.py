"""The pages of the poster studio, where people fill in posters, and of the template gallery."""
