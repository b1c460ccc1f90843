"""In which language a page is: addresses with a language in front, the visitor's choice, and names of categories."""
