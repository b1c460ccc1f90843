"""Help with a product: a fault is described or photographed, the owner's articles answer, or a person does.

An answer quotes what the owner wrote, with its grade, and nothing else: nothing is invented. Gas, mains voltage, fire and
injuries go to a person at once. A photo goes along only where the shopper ticks it, closed with a key of its own that ends.

Journey: `answering`, from a question to the articles that fit, or to a person.
From the core: the signal `staff_looked`.
Docs: docs/how-to/customer-service.md

Modules of its own, in the order in which a question meets them:
- `kinds`: what kinds of articles, dangers and statuses there are, as people read them.
- `search`: how search reads an article.
- `scopes`: which articles hold for which product.
- `dangers`: words by which something goes to a person at once.
- `codes`: display codes, whose characters may look alike.
- `nearness`: how near a question is to each article.
- `cases`: a case from the shopper's click to its end.
- `photos`: a photo that a shopper sends along, and its key.
- `ledger`: what happened to which case or article, in a chain.
- `telling`: the help desk and the shopper are told.
- `articles`: an article from draft to withdrawal, and the draft of a solved case.
- `importing`: articles from a file.
- `tidying`: what was kept long enough is deleted.
- `pages`: the staff's pages of a case.
- `forms`: what shoppers and staff may write.
- `programs`: the address for programs.
- `background`: sends what waits, in a thread of a process that serves.

Its subcommands of `manage.py visual_search`: `import_help_articles`, `tell_help_desk` and `tidy_service`.
"""
