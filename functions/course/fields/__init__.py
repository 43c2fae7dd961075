"""What single fields of the forms may hold."""
