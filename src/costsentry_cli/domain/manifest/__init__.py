"""The manifest: from a document with places to the desired state, or every problem at once.

``types`` is what a manifest means, ``fields`` the one table of what it can hold (the JSON Schema is made from it, too),
``reader`` gives a document its meaning; the rules between values are in ``models``, ``profiles``, ``carried``,
``limits``, ``budgets`` and ``anomalies``.
"""
