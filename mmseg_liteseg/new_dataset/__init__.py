"""From any folder of images and labels to a config that trains on it: ``python -m mmseg_liteseg.new_dataset DIR``."""
