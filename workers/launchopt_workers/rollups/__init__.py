"""Metrics by minute and hour, rebuilt where something new happened."""
