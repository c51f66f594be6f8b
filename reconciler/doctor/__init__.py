"""Whether everything that a run needs works: the file, the key, the server, the instance, its groups. Reads only.

    Setup ──observe──▶ Observed ──all_checks──▶ Examination

`observe` reads, `checks` and `group_checks` decide what it means, and `shapes` keeps of the responses only their form.
"""
