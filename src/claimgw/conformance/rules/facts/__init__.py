"""What do several rules read from a message? Moments, visits, kinds of places."""
