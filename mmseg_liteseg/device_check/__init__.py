"""The first run on a new device: whether everything computes there what it computes elsewhere, then how fast."""
