"""How fast it is, measured against floors and peers in the same run: `python -m bench`.

A floor is the least that the same work can cost (bare msgspec, `websockets` answering a constant);
a peer is a library that does the same. Not part of the package, not run by the tests.
"""
