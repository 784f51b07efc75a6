"""Events that the gateway answers itself."""
