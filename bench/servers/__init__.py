"""Servers to be measured, each a program: it prints its port and answers questions on its input.

`cpu` gives the seconds of processor time so far, `memory` the bytes held, `quit` ends it.
"""
