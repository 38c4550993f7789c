"""The routes of the service: what is asked, and which function answers."""
