"""Stage 3: compare desired and live groups, as changes. Pure."""
