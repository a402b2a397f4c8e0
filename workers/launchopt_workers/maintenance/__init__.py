"""Work that keeps the house in order."""
