"""Figures: a table in, matplotlib ``Axes`` in and out; nothing is shown, saved or set globally."""
