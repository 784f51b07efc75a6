"""Is a message valid? Findings, from definitions and rules; pure."""
