"""How does a profile become something one walk can check? Definitions in, frozen schema out."""
