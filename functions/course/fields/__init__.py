"""Rules for single fields of the forms."""
