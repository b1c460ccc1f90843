"""What the query log adds to `manage.py visual_search`."""

LINES = {
    "tidy_query_log": "seal finished days, make due public lists, delete what is too old",
    "export_query_log": "write the rows of sealed days to files, as UBI 1.3",
    "verify_audit": "check that the audit log is as it was written",
}
