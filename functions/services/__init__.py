"""What happens: each module is one use case, made of the rules, the content, the replies and AWS."""
