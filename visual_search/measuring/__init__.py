"""Search quality and speed as figures, measured in a scratch index that never touches the shop's own."""
