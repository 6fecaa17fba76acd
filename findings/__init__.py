"""From a frozen or live result to what a person reads: one set of sentences for page, share page and report."""
