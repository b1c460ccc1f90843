"""What personal order adds to `manage.py visual_search`."""

LINES = {"refresh_item_vectors": "bring the vectors that personal order compares up to date with the index"}
