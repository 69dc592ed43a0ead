"""What a build knows between runs: places, the files there are, the manifest, artifacts, the lock."""
