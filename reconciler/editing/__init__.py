"""Change YAML files without damage: whatever the change is not about stays as it is, byte for byte.

`yaml_edit` is the one engine. It takes the values that a file is to have, changes as few characters as possible, reads
the result again and compares what it means. `pin`, `pin_people`, `add_groups`, `adopt`, `edit_members` and
`edit_entries` only make values; `config_edit` puts them into the files of a configuration.
"""
