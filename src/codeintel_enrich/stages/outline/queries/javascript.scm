;; grammar = "tree_sitter_javascript"
;; suffixes = [".js", ".mjs", ".cjs", ".jsx"]
;;
;; [definitions]
;; class_declaration = "class"
;; function_declaration = "function"
;; method_definition = "method"

(class_declaration name: (_) @name) @definition.class

(function_declaration name: (identifier) @name) @definition.function

(generator_function_declaration name: (identifier) @name) @definition.function

(method_definition name: (_) @name) @definition.method

(variable_declarator
  name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)]) @definition.function

(variable_declarator
  name: (identifier) @name
  value: (class)) @definition.class

(assignment_expression
  left: (member_expression) @name
  right: [(arrow_function) (function_expression) (generator_function)]) @definition.function

(program (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))

(program (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable))

(program (export_statement
  (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
