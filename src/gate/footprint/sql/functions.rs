//! Functions whose call does not read or write a table of the service, and tables that no service changes.
//!
//! A function that is not in the list may be a function of the user, or take a lock.

/// Functions of PostgreSQL and MySQL. A sequence is not undone and not ordered by a transaction, so `nextval` is here, too.
const PURE: &str = "
    count sum min max avg stddev variance bool_and bool_or every array_agg string_agg group_concat json_agg jsonb_agg
    json_object_agg jsonb_object_agg json_arrayagg json_objectagg bit_and bit_or bit_xor any_value
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value

    coalesce nullif ifnull isnull if greatest least nvl cast convert values default grouping row
    exists any all some interval least

    now current_timestamp current_date current_time localtime localtimestamp clock_timestamp statement_timestamp
    transaction_timestamp timeofday sysdate curdate curtime utc_timestamp utc_date utc_time unix_timestamp from_unixtime
    date time timestamp datetime year month day dayofmonth dayofweek dayofyear hour minute second microsecond week weekday
    quarter last_day date_add date_sub adddate subdate addtime subtime datediff timediff timestampdiff timestampadd date_format
    str_to_date time_format date_trunc date_part extract age to_char to_date to_timestamp to_number make_date make_time
    make_timestamp make_timestamptz make_interval justify_days justify_hours timezone convert_tz isfinite sec_to_time time_to_sec

    lower upper length char_length character_length octet_length bit_length concat concat_ws substring substr left right
    lpad rpad ltrim rtrim trim btrim replace reverse repeat position locate instr strpos split_part translate initcap ascii
    chr char md5 sha sha1 sha2 sha224 sha256 sha384 sha512 digest encode decode to_base64 from_base64 hex unhex to_hex format
    quote quote_ident quote_literal quote_nullable regexp_replace regexp_match regexp_matches regexp_like regexp_substr
    regexp_split_to_array regexp_split_to_table starts_with field find_in_set elt space strcmp soundex substring_index
    insert overlay unaccent similarity inet_aton inet_ntoa crc32 binary

    abs ceil ceiling floor round trunc truncate mod power pow sqrt exp ln log log2 log10 sign pi random rand div degrees
    radians sin cos tan asin acos atan atan2 width_bucket bit_count

    uuid uuid_short uuid_to_bin bin_to_uuid is_uuid gen_random_uuid uuid_generate_v1 uuid_generate_v4 uuidv4 uuidv7
    gen_random_bytes last_insert_id row_count found_rows nextval currval lastval

    array array_length array_append array_prepend array_cat array_remove array_position array_to_string string_to_array
    cardinality unnest generate_series generate_subscripts array_upper array_lower
    to_json to_jsonb row_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array json_object json_array
    json_extract json_unquote json_contains json_set json_length json_valid json_type json_keys json_value json_quote
    json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text json_each jsonb_each
    json_each_text jsonb_each_text json_to_recordset jsonb_to_recordset json_to_record jsonb_to_record json_populate_recordset
    jsonb_populate_recordset jsonb_set jsonb_insert json_extract_path jsonb_extract_path json_extract_path_text
    jsonb_extract_path_text jsonb_typeof json_typeof jsonb_array_length json_array_length json_table
    to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery phraseto_tsquery ts_rank match int4range int8range tstzrange
    tsrange daterange numrange lower_inc upper_inc isempty

    version database schema user current_user session_user system_user current_role current_database current_schema
    current_schemas current_catalog current_setting set_config connection_id charset collation coercibility
    pg_backend_pid pg_is_in_recovery inet_server_addr inet_server_port inet_client_addr inet_client_port pg_typeof
    txid_current pg_current_xact_id pg_postmaster_start_time pg_encoding_to_char pg_client_encoding

    format_type to_regtype to_regclass to_regproc to_regnamespace obj_description col_description shobj_description
    pg_get_expr pg_get_constraintdef pg_get_indexdef pg_get_viewdef pg_get_userbyid pg_get_serial_sequence pg_get_functiondef
    pg_get_function_result pg_get_function_arguments pg_get_function_identity_arguments pg_get_triggerdef pg_get_keywords
    pg_get_partkeydef pg_table_is_visible pg_type_is_visible pg_function_is_visible pg_my_temp_schema
    pg_is_other_temp_schema has_table_privilege has_schema_privilege has_database_privilege has_column_privilege
    _pg_expandarray pg_relation_is_publishable pg_indexes_size pg_tablespace_location array_in
";

/// Functions that take an advisory or a named lock, or ask for one.
const LOCKS: &str = "
    pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
    pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
    get_lock is_free_lock is_used_lock
";

/// Functions that free such locks.
const UNLOCKS: &str = "
    pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all release_lock release_all_locks
";

/// Schemas of the database itself.
const SCHEMAS: &str = "pg_catalog information_schema performance_schema mysql sys";

/// Tables of `pg_catalog`, which can be named without it. Other names with `pg_` may be tables of the user.
const CATALOG: &str = "
    pg_type pg_class pg_namespace pg_attribute pg_attrdef pg_index pg_indexes pg_constraint pg_enum pg_range pg_proc
    pg_description pg_shdescription pg_database pg_roles pg_user pg_authid pg_auth_members pg_settings pg_extension
    pg_available_extensions pg_tables pg_views pg_matviews pg_sequences pg_sequence pg_collation pg_am pg_opclass pg_opfamily
    pg_operator pg_inherits pg_depend pg_trigger pg_rewrite pg_rules pg_policy pg_policies pg_tablespace pg_language pg_cast
    pg_timezone_names pg_timezone_abbrevs pg_stat_activity pg_stat_user_tables pg_stat_database pg_locks pg_prepared_statements
    pg_prepared_xacts pg_cursors pg_aggregate pg_conversion pg_foreign_table pg_foreign_server pg_partitioned_table
    pg_publication pg_publication_tables pg_stats pg_event_trigger pg_statistic_ext pg_init_privs pg_default_acl
";

/// What a call of a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// It touches no table.
    Pure,
    /// It takes an advisory lock, or asks for one.
    Lock,
    /// It frees advisory locks.
    Unlock,
    /// It is not known.
    Unknown,
}

/// What a call of the function with this name in small letters does.
pub(super) fn call(name: &str) -> Call {
    match () {
        () if is_in(PURE, name) => Call::Pure,
        () if is_in(LOCKS, name) => Call::Lock,
        () if is_in(UNLOCKS, name) => Call::Unlock,
        () => Call::Unknown,
    }
}

/// Whether a call of the function with this name in small letters touches no table and no lock.
pub(super) fn is_pure(name: &str) -> bool {
    call(name) == Call::Pure
}

/// Whether the schema belongs to the database itself. The name is in small letters.
pub(super) fn is_catalog_schema(name: &str) -> bool {
    is_in(SCHEMAS, name)
}

/// Whether the table without a schema belongs to the database itself. The name is in small letters.
pub(super) fn is_catalog_table(name: &str) -> bool {
    is_in(CATALOG, name)
}

fn is_in(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|one| one == word)
}
