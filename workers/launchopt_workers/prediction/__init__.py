"""Texts read, interest learned and predicted."""
