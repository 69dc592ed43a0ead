"""What users ask for beside a build: each module answers one command from what builds left, or builds again."""
