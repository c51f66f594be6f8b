"""The plan file: a plan as a document that can be saved, read back, and trusted no further than it deserves. Pure."""
