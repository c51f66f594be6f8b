"""`reconciler diff`, and what its two arguments may name."""
