"""WhatsApp groups as code: a YAML file says which groups exist and who is in them, this makes it so."""

__version__ = "0.2.0"
