"""Pages to create, follow, repair and download poster batches: a poster for each table row."""
