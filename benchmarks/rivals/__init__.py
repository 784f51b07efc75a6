"""What is the gateway compared with? Two small apps: the least there can be, and what is usual."""
