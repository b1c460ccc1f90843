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
- `popularity`: what sells best, in the shop and in each category.
- `builds`: lists as they are kept: several of each part, of which one is live.

Its subcommand of `manage.py visual_search`: `train_recommendations`.
"""
