"""Which groups of features move the clock, and what they see, as far as measures can tell.

In: clocks, people, measures of people and tiles. Out: years per person and group, named groups.
Start with `shapley.shap_values`, then `groups` and `names`; `association` holds the tests.
"""
