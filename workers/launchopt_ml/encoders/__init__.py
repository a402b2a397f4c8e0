"""Cheaper and better fitting encoders made from one at hand: int8, pruned, distilled, tuned."""
