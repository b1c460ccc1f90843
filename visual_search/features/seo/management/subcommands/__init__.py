"""What the feature adds to `manage.py visual_search`."""

LINES = {
    "check_seo": "look through the shop's pages for what search engines would find missing, thin or doubled",
}
