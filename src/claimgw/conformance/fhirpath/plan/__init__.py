"""How is an expression carried out? A plan knows what types it gives, and writes the Python that gives it."""
