"""Lightning runs the training, skinage feeds it slides.

In: the tile table and settings. Out: an `Encoder`, its checkpoints and its history.
Start with `train.train`; `stream` reads batches, `probe` watches the embeddings.
"""
