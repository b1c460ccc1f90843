"""What search engines are told of a shop: under which address a page counts, what it shows, and what they shouldn't show.

All of it comes from what the page shows itself. Texts in place of pictures are proposed, and a person confirms them.

Journey: `describing`, from what a page shows to what machines read of it.
Docs: docs/how-to/search-engines.md

Modules of its own, in the order in which a page meets them:
- `facts`: what a page shows, as values.
- `sites`: what a shop says of its pages; the reference shop's is `catalog/seo.py`.
- `addresses`: under which address a page counts, and what it is called in other languages.
- `alternatives`: texts in place of pictures, from a proposal to a confirmed one.
- `sitemaps`: all pages of the shop, in parts.
- `alike`: which pictures show the same.
- `looking`: what is missing, thin or doubled on the pages of a collection.

Its subcommand of `manage.py visual_search`: `check_seo`.
"""
