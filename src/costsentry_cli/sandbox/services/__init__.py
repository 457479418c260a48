"""One module per emulated AWS service; each has ``OPERATIONS``, a name -> handler table."""
