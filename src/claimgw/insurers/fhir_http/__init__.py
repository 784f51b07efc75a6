"""An insurer with a $process-message endpoint."""
