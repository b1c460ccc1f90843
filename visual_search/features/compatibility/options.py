"""What a shop sets for these addresses."""

from visual_search.conf import Setting

SETTINGS = {
    "COMPATIBILITY_INDEXES": Setting(
        {"products": "products"},
        "dictionary: name -> collection",
        "The product sets and indexes that clients of other services may ask for; a collection that isn't named stays closed.",
    ),
}
