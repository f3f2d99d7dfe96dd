"""Files, JSON and text, with bounds on what is read."""
