"""A basket in the shopper's session, and orders without payment. An order's rows lower the stock.

`basket`: what the session holds. `placing`: a basket becomes an order, whole or not at all. `forgetting`: buyers' names go.
"""
