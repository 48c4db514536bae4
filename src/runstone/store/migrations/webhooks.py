"""Webhooks, and what is on its way to them."""

from __future__ import annotations

# An event is written with the change that it is about; a delivery is one of it to one webhook: waiting, delivered or given up. `secret` is
# sealed. Times are ms. What nobody is still told of, or was told of, goes with the last of its deliveries.
SQL = """
CREATE TABLE webhook (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  description TEXT,
  secret TEXT,
  status TEXT NOT NULL,
  creation_timestamp INTEGER NOT NULL,
  last_updated_timestamp INTEGER NOT NULL
);
CREATE INDEX webhook_mirror ON webhook (name, url, description, secret, status, creation_timestamp, last_updated_timestamp);
CREATE TABLE webhook_subscription (
  event TEXT NOT NULL,
  webhook INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
  PRIMARY KEY (event, webhook)
) WITHOUT ROWID;
CREATE INDEX webhook_subscription_by_webhook ON webhook_subscription (webhook);
CREATE TABLE webhook_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX webhook_event_mirror ON webhook_event (time, event, body);
CREATE TABLE webhook_delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id TEXT NOT NULL UNIQUE,
  webhook INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
  event INTEGER NOT NULL REFERENCES webhook_event,
  state TEXT NOT NULL DEFAULT 'waiting',
  attempts INTEGER NOT NULL DEFAULT 0,
  last_attempt INTEGER,
  next_attempt INTEGER NOT NULL,
  response_status INTEGER,
  problem TEXT
);
CREATE INDEX webhook_delivery_by_webhook ON webhook_delivery (webhook, state, id);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (event);
CREATE INDEX webhook_delivery_by_attempt ON webhook_delivery (webhook, last_attempt);
CREATE INDEX webhook_delivery_mirror ON webhook_delivery (attempts, next_attempt, response_status, problem);
CREATE TRIGGER webhook_event_of_no_delivery AFTER DELETE ON webhook_delivery
  WHEN NOT EXISTS (SELECT 1 FROM webhook_delivery WHERE event = OLD.event)
BEGIN
  DELETE FROM webhook_event WHERE id = OLD.event;
END;
"""
