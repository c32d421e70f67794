"""The memory from one run to the next: settings, and what belongs to an address; secrets stay out of it."""
