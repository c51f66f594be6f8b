"""Whether everything that a run needs works: the file, the key, the server, the instance, its groups. Reads only.

    Setup ──observe──▶ Observed ──checks──▶ Examination

`observe` reads, the modules of checks decide what it means, and `capture` keeps of the responses only their form.
"""
