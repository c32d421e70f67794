"""A payload as text: a preview or in full, as hex, base64 or JSON, and the fields of JSON."""
