"""The two wires: a binding bundles a framing, a codec and a fault table."""
