"""Streams of random numbers, one for each purpose."""
