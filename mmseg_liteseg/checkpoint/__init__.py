"""Weights: reading Paddle's files safely, converting both ways, loading through mmengine, publishing."""
