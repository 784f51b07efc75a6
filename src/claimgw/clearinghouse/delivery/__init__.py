"""Store and forward: what an attempt meant, when the next one is due, who makes it."""
