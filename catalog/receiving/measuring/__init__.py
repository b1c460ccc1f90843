"""How good receiving is: a scripted clerk on photos, drawn packing slips, and orders on sales of the past."""
