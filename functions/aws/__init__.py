"""The only place that knows AWS. Plain classes that take their client; what they don't expect they don't catch."""
