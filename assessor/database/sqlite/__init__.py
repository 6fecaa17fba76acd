"""Django's SQLite backend with a queue in front of the single writer. See write_queue.py for the reason."""
