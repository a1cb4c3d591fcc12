"""Encoders: a backbone with the metadata that says how to use it.

In: the name of a backbone, or a folder. Out: an `Encoder`, from tiles to embeddings.
Start with `encoder.Encoder`; `foundation` and `weights` load pretrained models.
"""
