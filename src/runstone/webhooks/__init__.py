"""Webhooks: which addresses may be told of events, how what they are told is signed, and the one place that tells them. Knows nothing of stores."""
