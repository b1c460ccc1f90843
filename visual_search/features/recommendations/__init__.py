"""What goes with a product: what is bought together, what completes it, what sells.

Lists are learned from baskets that at least five clients share, and from what the owner of the shop links by hand. Who bought
is known while lists are made, and kept nowhere.

Journey: `training`, from the shop's baskets to lists that pages read.
From the core: `Source.baskets`.
Docs: docs/how-to/recommendations.md

Modules of its own, that make lists:
- `catalogue`: what is known of the shop's objects.
- `baskets`: what the shop tells of its baskets, as arrays.
- `counting`: which items lie in baskets together, and how many clients say so.
- `recommenders`: the models that learn from it.
- `goes_with`: what completes a thing, by categories, looks, titles, series and sales.
- `alike`: what stands in a thing's place, by look and words.
- `popularity`: what sells best, in the shop and in each category.
- `builds`: lists as they are kept: several of each part, of which one is live.

And that offer what was made, in the order in which a page meets them:
- `slots`: what may be asked for and what is answered.
- `requests`: what a request asks for.
- `offering`: the other journey, from the slots of a page to shelves of products with reasons.
- `lists`: reads what was made and what the owner linked, for a whole page at once.
- `facts`: category, family, stock and look of a product.
- `chain`: which sources a kind of slot asks, one after the other.
- `nearest`: asks the index where no list was made yet, such as of what came in since last night.
- `linking`: the owner's links, by hand or from a table.
- `keeping`: what a process remembers for a while.
- `exclusions`: what is never offered.
- `variety`: few of each category, and what is alike not side by side.
- `reasons`: why a product stands there, in words.
- `pages`: which slots a page has, and what stands above them.
- `showing`: shelves for templates.
- `measuring_offering`: how long shelves take, and how many products have any.

Its subcommands of `manage.py visual_search`: `import_links` and `train_recommendations`.
"""
