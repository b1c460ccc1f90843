"""What the customer service adds to `manage.py visual_search`."""

LINES = {
    "import_help_articles": "take in known faults and guides of a JSON file, with their pictures",
    "tell_help_desk": "send the help desk its cases and shoppers their replies",
    "tidy_service": "delete photos whose time is over, and what is personal in old cases",
}
