"""What a site says of itself in `_redirects` and `_headers`."""
