"""Honest figures, printed with the commands that made them."""
