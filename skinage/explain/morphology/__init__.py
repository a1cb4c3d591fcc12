"""What a section of skin shows, measured in micrometres on the whole section.

In: a picture of a section and its um per px. Out: a map of structures, and measures with reasons
for those that a section does not show.
Start with `segment.segment`, then `section` and `layers`.
"""
