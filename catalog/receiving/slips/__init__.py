"""Packing slips: `pages` gives the print of a PDF or a photo, `tables` makes rows of it, `lines` says what they mean."""
