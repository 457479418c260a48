"""What goes into a metered call: the request, how it is fitted to a model, and the most it can cost."""
