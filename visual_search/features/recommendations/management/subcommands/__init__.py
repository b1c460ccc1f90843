"""What recommendations add to `manage.py visual_search`."""

LINES = {
    "import_links": "keep the owner's links between products, from a table",
    "train_recommendations": "learn from baskets and links what goes together",
}
