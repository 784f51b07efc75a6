"""What in a message breaks the compiled schema? One walk, and what it defers: constraints and targets."""
