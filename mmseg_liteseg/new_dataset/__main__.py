"""``python -m mmseg_liteseg.new_dataset``."""

from .command import main

main()
