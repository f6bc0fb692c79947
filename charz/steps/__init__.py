"""Steps: one verb per file, callable from Python with the names of the commands.

Steps never import each other: they meet only in the store. Each asks what is pending,
does it, writes its own rows and returns a summary.
"""
