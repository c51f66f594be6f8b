"""`reconciler drift`, its verdicts and its notice."""
