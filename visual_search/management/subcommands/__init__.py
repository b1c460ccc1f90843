"""The subcommands of `manage.py visual_search`, each in the module of its name. The help shows these lines in this order."""

LINES = {
    "rebuild": "fill a new index beside the live one and swap it in at the end",
    "reconcile": "make index and database agree again",
    "rollback": "take back the index from before the last rebuild",
    "recall": "test whether the live index still finds the nearest objects",
    "read_pictures": "read the catalogue's pictures now, not in the background",
    "try_photo": "search with a photo and print the hits",
    "calibrate": "learn from which cosines on a hit is the same item, or similar",
    "fit_similarity": "learn the similarity of the shop's pictures, and rebuild with it",
    "train_codebooks": "learn the classic encoder's codebooks from the shop's pictures",
    "train_autoencoder": "train the autoencoder on the shop's pictures",
    "prune": "remove what only former encoders and readers made",
    "measure_quality": "measure search quality on products and queries with known answers",
    "measure_grades": "measure how often the grades are right on real photos",
    "compare_models": "tell whether an encoder, or a kept run, may replace another",
    "bench": "measure the speed and memory of indexing and of questions",
    "load": "let many shoppers ask a running server at once, and measure how long each waits",
    "keys": "make, list, rotate and revoke keys of the REST API",
}
