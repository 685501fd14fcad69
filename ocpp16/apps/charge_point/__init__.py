"""A simulated charge point: `Station` with machinery and cars that are none, and ways to steer it.

`simulator` puts them together; `steering` is what can happen to it, `scenario` a script of that,
`prompt` a person, `control` an HTTP API, `fleet` many of them.
"""
