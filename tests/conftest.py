"""What all tests need, wherever they are started."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started by a shell in the background: whatever the tests start would inherit it, and be deaf to ctrl+c.
    signal.signal(signal.SIGINT, signal.default_int_handler)
