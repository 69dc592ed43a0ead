;; grammar = "tree_sitter_python"
;; definitions = { class_definition = "class", function_definition = "function" }

(function_definition name: (identifier) @name) @definition.function

(class_definition name: (identifier) @name) @definition.class

(module (expression_statement (assignment left: (identifier) @name) @definition.variable))

(class_definition
  body: (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))

(type_alias_statement left: (type (identifier) @name)) @definition.type

; Lines inside these open no definition.
[(string) (comment)] @text
