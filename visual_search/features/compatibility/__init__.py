"""Addresses that clients of two other search services know, so that they need only be pointed at this shop.

One has the resources of Google's Vision Product Search (REST, v1), the other answers InstantSearch as Algolia does.
Both are thin: a body becomes a `Query`, the one search answers it, and the page is written in the form that the client reads.
The shop's objects are kept up by saving them in the shop, so whatever would write is refused and says so.

Journey: `annotating`, from a photo in an `images:annotate` to product search results. `multisearch` is that of InstantSearch.
From the core: the search itself; no hook and no signal.
Docs: docs/how-to/point-an-existing-client-here.md.

Modules of its own:
- `multisearch`: from the requests of InstantSearch to a result for each.
- `bodies`: reads a JSON body under limits, and says which part of it can't be used.
- `named`: the names under which callers know the shop's collections.
- `expressions`: filters in the forms of both services, as rules of a `Query`.
- `catalogue`: product sets, products and reference images, read from the shop.
- `highlighting`: marks the words of a question in the title of a hit.
- `refusals`: errors in the forms of both services.
"""
