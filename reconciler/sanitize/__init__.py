"""Make text that strangers wrote fit to be shown: mask phone numbers, then escape what a reader would obey. Pure.

`mask` hides numbers, `escape` replaces characters; `mask_and_escape` does both in the one right order. `markdown` does
the same for markdown and for a build server's workflow commands. For HTML the templates of `report.html` escape.
"""
