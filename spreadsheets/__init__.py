"""Tables as CSV and XLSX files, out and in. Nothing that people typed becomes a formula, and numbers stay numbers."""
