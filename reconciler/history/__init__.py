"""What changes between two versions of the configuration: earlier revisions from git, compared with the one at hand."""
