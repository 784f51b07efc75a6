"""What is too much for the event loop? It is done in a process beside this one."""
