"""Text that strangers wrote, made fit to be shown: phone numbers masked, nothing in it obeyed. Pure.

`masking` hides numbers, `escaping` takes the power out of characters; `safe` does both in the one right order.
"""
