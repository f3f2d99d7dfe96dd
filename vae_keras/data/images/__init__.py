"""Image files: found, measured, and read one by one."""
