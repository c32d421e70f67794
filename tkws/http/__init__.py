"""HTTP/1.1 without I/O: requests and answers, headers, the grammar of their fields."""
