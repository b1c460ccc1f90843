"""What is learned of the shop: grades of cosines, a similarity of its own, and whether the index still finds the nearest."""
