"""Themes of lists, written once for a category."""
