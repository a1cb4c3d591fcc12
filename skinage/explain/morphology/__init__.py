"""What sections of skin show, measured in micrometres and per mm2.

In: slides. Out: a map of structures, measures with a reason for each that is missing, and a clock.
Start with `slides.measure_slides`, then `segment`, which goes through the rooms `section`, `layers`
and `dermis`.
"""
