"""What a calendar, an entry and a delivery are, without Flask, SQL, Redis, network or clock."""
