"""Figures of every step.

In: a table, and optionally ``ax``. Out: matplotlib ``Axes``, or a ``Figure`` of many panels;
nothing is shown, saved or set globally.
Start with `style`, which holds styles and colours; then one module per room.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
