"""The steps that made the tables what they are, a file for each. One that was released is never changed: write the next."""
