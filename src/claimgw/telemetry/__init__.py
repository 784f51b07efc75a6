"""What can be seen from outside? Log lines and figures; never a word of a message's content."""
