"""Settings of a run: the `Config`, its rules, and the presets."""
