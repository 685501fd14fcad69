"""Fuzzing: every framing, codec and HTTP layer meets mutated input, a million times and more.

`python -m fuzz` runs it (`tox -e fuzz`); what is found is kept as a file that a target can be run
with again.
"""
