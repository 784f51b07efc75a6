"""How does a provider or an insurer talk to the gateway? The SDK."""
