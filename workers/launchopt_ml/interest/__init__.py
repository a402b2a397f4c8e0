"""Who will buy a product that nobody has bought yet."""
