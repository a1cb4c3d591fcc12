"""From tiles to people, their age, how fast they age, and what that is associated with.

people (pool) -> folds -> clock (predict_age) -> card (how good) -> acceleration -> outcomes.
"""
