"""A section as amounts of stain, in units of its own nuclei and collagen.

In: RGB pixels and their scale. Out: a `Section`.
Start with `section.Section`.
"""
