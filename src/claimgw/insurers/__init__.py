"""How is an insurer reached? By an adapter that keeps the contract of `spi`."""
