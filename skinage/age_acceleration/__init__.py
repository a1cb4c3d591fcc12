"""Age acceleration.

In: predicted ages, a row per person. Out: the same people with their age acceleration.
Start with `acceleration.acceleration`; `definitions` holds the formulas.
"""
