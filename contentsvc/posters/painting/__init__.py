"""Paint a poster: lay out every layer, then draw them."""
