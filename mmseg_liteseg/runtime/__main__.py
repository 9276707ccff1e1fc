"""``python -m mmseg_liteseg.runtime``."""

from .command import main

main()
