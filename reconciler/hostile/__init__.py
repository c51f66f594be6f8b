"""Text that strangers wrote, made fit to be shown: phone numbers masked, nothing in it obeyed. Pure.

`masking` hides numbers, `escaping` takes the power out of characters; `safe` does both in the one right order.
Beyond a terminal each reader has a syntax of its own: `markdown` and `workflow` (commands to a build server) do for
theirs what `safe` does for a terminal, and then escape what only that reader would obey. They mask unless `show_phones`
is said. For HTML the templates of `report.html` escape.
"""
