"""Measures speed and memory of segmentors, ours and others, side by side. Imported by tools/benchmark.py only."""
