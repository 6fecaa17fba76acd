"""Projects and whole organisations as files, and back."""
