"""The commands of ``zweitherz``: a file each, loaded when it is called, so that none waits for what only others need."""
