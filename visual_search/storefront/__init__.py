"""Pages for shoppers: the search box and the results, as plain HTML forms that work without JavaScript."""
