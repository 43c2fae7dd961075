"""What CloudFormation has the stack do for itself, where it has no resource for it."""
