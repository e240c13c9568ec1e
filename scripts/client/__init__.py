"""What `dspace` does for developers: sign in, deploy a folder, keep files. It speaks HTTP only."""
