"""Change YAML files without damage: whatever the change is not about stays as it is, byte for byte.

`yaml_edit` is the one engine: it reads files, inserts text, reads the result again and compares what it means. `pin`
and `add_groups` say what is inserted, and where.
"""
