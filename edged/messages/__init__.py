"""What travels between the parts of edged, and what goes over the wire. Imports nothing of ours."""
