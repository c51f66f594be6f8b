"""What a new repository starts with: a commented file and the pipelines that review, apply and watch it."""
