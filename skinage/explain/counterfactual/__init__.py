"""What the clock would say of other tissue: a decade older or younger, or with one thing moved.

In: an atlas or people; or tissue before and after a change, with ages and maps. Out: the most
similar others; claims against changes. Start with `similar.similar_tiles`, then `claims`.
"""
