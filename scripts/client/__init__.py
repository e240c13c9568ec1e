"""The developer's command line: sign in, deploy a folder, keep files. It knows only `/v1`.

    folder  -> what of a local folder is taken      hashing -> its blocks, by the server's importer
    upload  -> the blocks that the server lacks     deploying -> from the root CID to live

Invariant: nothing is held whole in memory or written twice to disk; a block is sent only while its
bytes are still those of its CID. Nothing here is imported before a command of it runs.
"""
