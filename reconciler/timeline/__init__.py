"""What the configuration was over time: who came and went by which commit, who was in on a day, and why."""
