"""Shoppers, what they did and what they are likely to want. Personal data is masked."""

from launchopt.audiences.admin import customers, personas, predictions, reason_lines, themes

__all__ = ["customers", "personas", "predictions", "reason_lines", "themes"]
