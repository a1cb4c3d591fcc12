"""What in the tissue the clock uses, and how far each explanation can be believed.

In: slides, a clock and its encoder. Out: measures in um, years per pixel, tile and feature, grades.
Start with `morphology.slides.measure_slides` and `tissue`, then `attribution`, `importance`,
`counterfactual` and `faithfulness`.
"""
