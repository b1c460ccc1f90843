"""What an order by behaviour gains in simulated shops and on real purchases, and what it costs an answer."""
