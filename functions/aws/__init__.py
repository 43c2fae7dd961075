"""The adapters to AWS, one for each service. Each takes its client and catches only expected errors."""
