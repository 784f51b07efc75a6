"""Does the gateway hold when far more come than it can serve, and some of them mean harm?"""
