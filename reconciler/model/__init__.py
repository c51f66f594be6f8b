"""The values that several stages share: people, identities, desired and live groups, text of others."""
