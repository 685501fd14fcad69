"""What a central system knows of a site, in a store: one module for each kind of thing.

Every function takes a connection, so that several make one work: `database.write(partial(...))` for
those that change something, `database.read` for those that do not. Knows no wire, no socket and no
clock: instants come in as `now`.
"""
