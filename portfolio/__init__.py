"""Many projects on one page. Reads only: what it shows was written with the answers and snapshots themselves."""
