"""Transfer: a trained encoder with a small head for another target of the cohort."""
