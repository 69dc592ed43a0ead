;; grammar = "tree_sitter_containerfile"
;; suffixes = [".dockerfile", ".containerfile"]
;; names = ["dockerfile", "containerfile"]
;; definitions = { from_instruction = "stage", arg_pair = "argument", env_pair = "variable" }

(from_instruction as: (image_alias) @name) @section.stage.1

(from_instruction !as (image_spec) @name) @section.stage.1

(arg_pair name: (_) @name) @definition.argument

(env_pair name: (_) @name) @definition.variable

(label_pair key: (_) @name) @definition.label

(expose_port) @name @definition.port
