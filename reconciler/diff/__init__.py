"""Stage 3: desired and live become changes. Pure."""
