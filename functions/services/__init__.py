"""The use cases: each module is one, made of the course's rules, the content, the replies and AWS."""
