"""Which words are clicked, learned from what customers saw."""
