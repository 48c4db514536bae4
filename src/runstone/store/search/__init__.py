"""Search: a text becomes tokens and a tree (tokens, grammar); names become columns (names), the tree a condition on them (conditions,
patterns), order_by texts terms and cursors (order); and one page is read by the cheapest way (query)."""
