"""Floor 2: what a person asks for. Rooms that do not import each other and know no terminal and no AWS library."""
