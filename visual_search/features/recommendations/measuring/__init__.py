"""Figures: `purchases`, models on real baskets; `links`, what goes with what; `budget`, what it takes to train."""
