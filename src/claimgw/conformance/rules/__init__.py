"""Which rules does a message keep beyond its structure? One file per subject, one function per rule."""
