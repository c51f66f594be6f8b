"""Read people from files that exist already: tables, contacts and rosters.

    bytes of a file ──reader──▶ SourceRow ──config/sources.py──▶ entries of `people` and `teams`

A reader gets bytes and returns values. It knows nothing of YAML, of phone numbers or of other files.
"""
