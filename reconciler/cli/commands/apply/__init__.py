"""`reconciler apply`, from the command line to the exit code."""
