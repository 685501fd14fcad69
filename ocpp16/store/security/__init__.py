"""What a central system keeps of security: keys of charge points, profiles reached, events told."""
