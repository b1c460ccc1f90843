"""What help finds, as figures."""
