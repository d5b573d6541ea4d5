"""The only room with boto3: sessions, the read-only guard, what is read, what is written, what goes wrong."""
