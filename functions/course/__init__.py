"""The rules of the course. They use no AWS and no environment variables, and get the time as an argument."""
