"""What insights add to `manage.py visual_search`."""

LINES = {
    "check_catalogue": "look through the catalogue for what makes its objects hard to find",
    "send_weekly_report": "mail the weekly report of searches",
}
