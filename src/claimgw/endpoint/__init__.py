"""The door for machines: providers and insurers."""
