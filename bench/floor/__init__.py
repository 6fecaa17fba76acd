"""The least that Django can do: one view that returns a word, one that writes one row. Never part of the product."""
