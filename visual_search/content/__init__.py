"""What is kept of the shop's objects by content: documents, vectors, readings, and the state of the live index."""
