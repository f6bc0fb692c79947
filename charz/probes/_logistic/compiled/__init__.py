"""The solver in machine code: the reference's objective, certificate and answer, but quicker.

From the bottom up: ``machine`` compiles, ``tiles`` multiplies, ``losses`` goes over margins,
``metric`` says how steep a class is, ``state`` is what ``descent`` steps through, ``path`` follows
the grid of C, ``certificate`` proves, and ``engine`` hands a problem through all of them.
Importing any of them imports Numba.
"""
