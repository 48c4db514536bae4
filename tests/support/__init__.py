"""What several tests need: scripts run in processes of their own."""
