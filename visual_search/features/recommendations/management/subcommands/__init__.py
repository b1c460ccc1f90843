"""What recommendations add to `manage.py visual_search`."""

LINES = {"train_recommendations": "learn from baskets and links what goes together"}
