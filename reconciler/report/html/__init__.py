"""A plan as one HTML file for a browser: `view` says what stands in it, `render` fills the page beside it.

The file holds its own style and script, asks nothing of any network, and works without script.
"""
