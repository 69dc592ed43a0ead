;; grammar = "tree_sitter_bash"
;; suffixes = [".sh", ".bash"]
;; definitions = { function_definition = "function" }

(function_definition name: (word) @name) @definition.function

(program (variable_assignment name: (variable_name) @name) @definition.variable)

(program (declaration_command (variable_assignment name: (variable_name) @name) @definition.variable))
