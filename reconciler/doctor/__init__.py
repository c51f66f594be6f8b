"""Whether everything that a run needs works: the file, the key, the server, the instance, its groups. Reads only.

    Setup ──reads──▶ Reads ──checks──▶ Examination

`reads` makes the reads, the modules of checks decide what they mean, and `capture` keeps of the responses only their
form.
"""
