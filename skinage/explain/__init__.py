"""From age back to tissue: which pixels, which features, which readable measures."""
