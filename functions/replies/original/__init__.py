"""The email that was answered, and which words of a reply are its own."""
