"""A portfolio to look around in. Everything in it is invented and marked as demo data."""
