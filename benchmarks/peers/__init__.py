"""Question 5: the same work with what somebody would use instead, against the same server in the same run."""
