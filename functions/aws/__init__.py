"""Who we talk to: one adapter a service. Plain classes that take their client and catch only what they expect."""
