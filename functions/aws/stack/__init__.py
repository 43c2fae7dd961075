"""What CloudFormation asks a function of the stack to do, because it has no resource for it."""
