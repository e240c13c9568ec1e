"""Why content is kept: each root that somebody pays for, and until when."""
