"""`reconciler sandbox`: the group, and one module for each of its commands."""
