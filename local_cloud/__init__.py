"""The whole cloud on one machine: template.yaml carried out on moto, with the real functions in it."""
