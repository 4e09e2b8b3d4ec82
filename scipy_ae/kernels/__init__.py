"""The only home of Numba: plain arrays in and out, cached on disk, no objects, no randomness."""
