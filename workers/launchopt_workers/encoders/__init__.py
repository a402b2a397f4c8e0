"""Encoders of this shop: made smaller, tuned, compared, and kept as model versions."""
