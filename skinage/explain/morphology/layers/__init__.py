"""Horn, epidermis, dermis and subcutis of a section, and the lines between them.

In: a `Section`. Out: `Layers`, and their thickness and shape in um.
Start with `find_layers`.
"""
