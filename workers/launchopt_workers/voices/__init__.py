"""Brand voices, learned from approved copy."""
