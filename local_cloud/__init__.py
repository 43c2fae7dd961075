"""The whole cloud on one machine: moto creates the resources of template.yaml, and the real functions run."""
