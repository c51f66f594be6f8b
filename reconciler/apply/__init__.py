"""Stage 5: a plan becomes calls, and a true account of them."""
