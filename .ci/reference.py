"""Write the API reference, as web pages, into a folder: ``python .ci/reference.py FOLDER``."""

import sys
import warnings
from pathlib import Path

import pdoc

import skinage
from skinage import figures, phantom

if __name__ == "__main__":
    for module in (skinage, figures, phantom):
        # pdoc lists only names that are loaded, and these are loaded when first used.
        vars(module).update({name: getattr(module, name) for name in module.__all__})
    # Types that are only imported for the type checker are shown by their names.
    warnings.filterwarnings("ignore", "Error parsing type annotation", module="pdoc")
    pdoc.render.configure(docformat="numpy", show_source=False)
    pdoc.pdoc("skinage", output_directory=Path(sys.argv[1]))
