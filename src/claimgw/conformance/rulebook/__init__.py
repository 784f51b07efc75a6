"""What is known of the rules of nphies: all there are, what becomes of each here, and how each is broken."""
