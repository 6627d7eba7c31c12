"""Language models that write answers, behind one interface."""
