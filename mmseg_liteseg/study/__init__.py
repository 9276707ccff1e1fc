"""The project's own results on CamVid at 360x480: who is trained, how, and what came out. See docs/camvid.md."""
