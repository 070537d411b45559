"""Meta ads: what one ad account spent."""
