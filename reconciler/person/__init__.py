"""Where one person is: wanted by the configuration, and seen in the live groups."""
