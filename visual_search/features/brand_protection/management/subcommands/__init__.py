"""What brand watch adds to `manage.py visual_search`."""

LINES = {
    "watch_listings": "look at all listings that wait for pictures, words and prices of brands",
    "import_listings": "take in listings of a folder, or of a table with pictures",
    "rebuild_brands": "take in the catalogue's pictures of each brand, and learn visual words anew",
    "calibrate_brands": "learn from which figures on a picture counts as found",
    "tell_brands": "mail each brand its new cases",
    "demo_brands": "make a small brand with altered copies of its pictures, to try brand watch",
}
