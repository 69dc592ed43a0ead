;; grammar = "tree_sitter_sql"
;; suffixes = [".sql"]
;; definitions = { create_table = "table", create_view = "view", create_function = "function" }

(create_table (object_reference) @name) @definition.table
(create_table (column_definitions (column_definition name: (_) @name) @definition.column))
(create_view (object_reference) @name) @definition.view
(create_materialized_view (object_reference) @name) @definition.view
(create_function (object_reference) @name) @definition.function
(create_procedure (object_reference) @name) @definition.procedure
(create_index column: (identifier) @name (keyword_on)) @definition.index
(create_trigger . (_)* (keyword_trigger) . (object_reference) @name) @definition.trigger
(create_type (object_reference) @name) @definition.type
(create_sequence (object_reference) @name) @definition.sequence
(create_schema (identifier) @name) @definition.schema
(create_database (identifier) @name) @definition.database
(cte . (identifier) @name) @definition.cte
