"""What happens to a message? Read process.py first."""
