"""The files of a new repository: a commented configuration, and pipelines that review it, apply it, report drift."""
