"""A plan as one HTML file for a browser: `page` chooses what is on it, `render` fills the template in `page/`.

The file holds its own style and script, makes no network request, and works without script.
"""
