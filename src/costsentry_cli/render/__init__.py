"""Floor 2: how results look. One traversal of a table for every format."""
