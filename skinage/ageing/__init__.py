"""From tiles to people, their age, how fast they age, and what that is associated with.

- what is given: people, pooling, kinds (of tissue), person_tiles -> evidence; matching (ages)
- what learns: learners, trees, attention, pooled; brackets (ages known as intervals), conformal
  (intervals of predictions) -> fitting, one clock from training people
- prediction (out of fold); clock, clock_folder, novelty (kept, and applied to a new cohort)
- how good it is: card, groups, compare (rivals), learning (curve), replicates and agreement
  (slides of one person), tripod (the checklist)
- acceleration, definitions, remaining_age -> outcomes, adjustment, associations
"""
