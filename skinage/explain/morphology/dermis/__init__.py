"""What lies in the layers: nuclei of epidermis and dermis, adnexa, vessels, elastosis, collagen.

In: a section with its layers.
Out: where the objects are, and measures of them with reasons for those that are not shown.
Start with `objects.find_objects`, then `nuclei`, `collagen` and `fibres`.
"""
