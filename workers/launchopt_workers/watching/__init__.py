"""Whether what was learned still holds."""
