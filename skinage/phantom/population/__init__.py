"""Who is in a synthetic register, what becomes of them, and which biopsies they have.

In: settings and a seed. Out: tables of people, of their fate and of their slides.
Start with `candidates` (who could be in it), then `selection`, `fate` and `visits`.
"""
