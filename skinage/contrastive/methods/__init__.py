"""Contrastive methods on top of Lightly's losses.

In: a backbone and batches of pairs. Out: a loss for Lightning.
Start with `method.Method`, the settings, and `module.ContrastiveModule`, the training step.
"""
