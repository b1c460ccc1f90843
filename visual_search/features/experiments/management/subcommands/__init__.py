"""What experiments add to `manage.py visual_search`."""

LINES = {
    "interleave": "start, show or stop an experiment with two rankings",
}
