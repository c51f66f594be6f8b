"""What the configuration wanted over time: who came and went by which commit, who was wanted on a day, and why."""
