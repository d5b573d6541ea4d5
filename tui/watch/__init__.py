"""`evac watch`: incidents as they begin and end, without a terminal. It reads; nothing here can change anything."""
