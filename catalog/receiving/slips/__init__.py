"""Packing slips: `pages` gives the print of a photo or a PDF (`pdf_reader`), `tables` makes rows, `lines` says what they mean."""
