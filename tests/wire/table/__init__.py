"""The table: rows by section of the wire contract, as data."""
