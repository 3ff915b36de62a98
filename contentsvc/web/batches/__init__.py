"""The pages of poster batches: create, follow, repair and download."""
