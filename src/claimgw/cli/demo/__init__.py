"""The story that shows the gateway at work: real processes on loopback, and what a provider sees of them."""
