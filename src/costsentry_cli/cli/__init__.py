"""Floor 3: words in, words out."""
