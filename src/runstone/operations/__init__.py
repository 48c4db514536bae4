"""What can be asked: the table of operations, their messages, the rules. Nothing here knows HTTP or a client."""
