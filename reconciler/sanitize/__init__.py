"""Make text of strangers fit for display: mask phone numbers, then escape what a reader would interpret. Pure.

`mask` hides numbers, `escape` replaces characters; `mask_and_escape` does both in the only right order. `markdown` does
it for markdown and for workflow commands. For HTML the templates of `report.html` escape.
"""
