"""Floor 1: what the product means. Standard library only; no AWS, no terminal, no files."""
