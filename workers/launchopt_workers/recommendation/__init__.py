"""Lists of products for customers."""
