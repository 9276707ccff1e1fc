"""Long trials of what docs/reliability.md promises; nothing else depends on them."""
