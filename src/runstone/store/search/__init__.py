"""Search: a filter's text becomes a tree (grammar), the tree SQL (sql), the order a stable cursor (order)."""
