"""Files, JSON and text: written atomically, read with bounds, shown safely."""
