"""From scores to one order: scales, fusion, weights and negatives, grades, personal order. No Django, no database."""
