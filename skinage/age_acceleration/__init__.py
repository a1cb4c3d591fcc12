"""Age acceleration.

In: predicted ages, a row per person. Out: age acceleration, a row per person.
Start with `acceleration.acceleration`; `definitions` holds the formulas, and
`reliability` measures the agreement between slides of a person.
"""
