"""Stage 1: YAML files become the desired state."""
