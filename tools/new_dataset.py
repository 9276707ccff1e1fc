"""Writes a config for a folder of images and labels; the same as ``python -m mmseg_liteseg.new_dataset``."""

from __future__ import annotations

from mmseg_liteseg.new_dataset.command import main

if __name__ == '__main__':
    main()
