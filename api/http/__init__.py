"""The HTTP edge: who may call, what comes in, one transaction, what goes out."""
