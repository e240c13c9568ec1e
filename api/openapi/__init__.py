"""The description of the API: OpenAPI 3.1, and the same as a page to read, made from the routes."""
