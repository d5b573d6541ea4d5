"""The embedded AWS: a small AWS server on loopback, for the demonstration and for the tests.

It is driven by botocore's service models and serves any AWS client. Nothing of evac is imported here, and nothing of
evac but the command line knows that it exists.
"""
