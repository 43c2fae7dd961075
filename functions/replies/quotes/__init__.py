"""What of a reply is quoted, told by its shape alone: marks, quote headers, and the links of our emails."""
