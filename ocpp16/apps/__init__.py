"""What the command line starts; each app is usable without it: arguments in, values out."""
