"""What the bridge keeps: messages on their way, answers given, transaction ids, charge points."""
