"""What requests may say, and what responses look like; one module per resource."""
